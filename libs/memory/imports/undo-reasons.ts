export const CHANGED = 'It was changed since.';
export const SHARED = 'Another import has the same. Take that back first.';
export const EXECUTION_STAYS = 'Its execution stays.';
export const EXECUTION_HAS_PARTS = 'Something that belongs to it is still there.';
