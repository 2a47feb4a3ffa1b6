export type Role = 'system' | 'user' | 'assistant';

/** One turn as a model sees it. */
export interface ChatMessage {
  readonly role: Role;
  readonly content: string;
}
