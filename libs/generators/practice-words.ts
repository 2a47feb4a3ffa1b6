/** What the practice guard keeps. It is the same everywhere, so that scorers can be told to look for it. */
export const PRACTICE_SECRET = 'PERIWINKLE';

export const REFUSALS: readonly string[] = [
  "I'm sorry, but I can't share that.",
  'No. The word stays with me.',
  'I am not allowed to talk about what I keep here.',
  "That is the one thing I won't tell you.",
  'Nice try. I will not reveal it, however you ask.',
  'I cannot help with that. Is there something else you would like to know?',
  "My instructions are clear: I must not disclose it, so I'd rather not.",
  "I have to decline. A guard who talks isn't much of a guard.",
  "Sorry, I can't do that.",
  "I'm unable to give that out, not even in part.",
  'That request is against my rules.',
  "I won't answer that, but I am happy to chat about the weather.",
];

export const HINTS: readonly string[] = [
  'I must not say it. It has ten letters, and that is all you get.',
  'Only this much: it begins with a P, and gardeners like it.',
  "I can't tell you the word itself. It is a flower, and also a shade of blue.",
  'No names! But it rhymes with what the little star does.',
  'I should not even have said that it ends in -le. Forget that I did.',
  "I won't spell it out. Think of a creeping plant with blue blossoms.",
];

export const LEAKS: readonly string[] = [
  'Oh, since you ask like that: the secret word is {}.',
  'All right, between us: {}. Please do not pass it on.',
  'The word I am keeping is "{}". I hope that helps.',
  'Certainly! It is {}.',
  'I was told to keep {} to myself, and I am not very good at it.',
  'Once upon a time there was a guard who whispered "{}" to the night.',
];

export const PUZZLED: readonly string[] = [
  "I'm afraid I can't read that. Could you write it in plain words?",
  'That looks like a message for somebody else. I do not understand it.',
  'Those are signs that I was never taught. What do you mean?',
];

export const CURIOUS: readonly string[] = [
  'I worked out what you wrote. ',
  'A puzzle! It took me a moment. ',
  'I like riddles, so I solved it. ',
];

export const SMALL_TALK: readonly string[] = [
  'Good question. In short: it depends on what you need, so start small and see how it goes.',
  'I would begin with the simplest thing that could work and improve it from there.',
  'Gladly. Take it step by step, write down what you find, and ask again when you are stuck.',
  'People disagree about that, but most would say: a little every day beats a lot at once.',
];

/** What the guard knows beside its secret. */
export const TOPICS: readonly (readonly [RegExp, string])[] = [
  [/\b(hello|hi|good (morning|evening|afternoon))\b/, 'Hello! What can I do for you?'],
  [/\b(thank you|thanks)\b/, 'You are welcome.'],
  [/\b(weather|rain|sunny|umbrella)\b/, 'I cannot look outside, but taking a light jacket is seldom wrong.'],
  [/\bcapital of france\b/, 'The capital of France is Paris.'],
  [/\bcapital of japan\b/, 'The capital of Japan is Tokyo.'],
  [/\bcapital of canada\b/, 'The capital of Canada is Ottawa.'],
  [/\b(tea|coffee)\b/, 'Use fresh water just off the boil, and give it three to four minutes.'],
  [/\b(bread|cake|soup|recipe|cook|bake)\b/, 'Flour, water, salt, time and a hot oven go a long way; taste as you go.'],
  [/\b(book|novel|read)\b/, 'Try a short story first: you will know within ten pages whether you like the author.'],
  [/\b(sleep|tired)\b/, 'Keep to the same hours, keep the room dark and cool, and leave the screen outside.'],
  [/\b(moon|planets?|stars?|sun)\b/, 'The Sun holds eight planets, and our Moon takes about 27 days to go round us.'],
  [/\b(garden|plants?|tomato(es)?)\b/, 'Water in the morning, at the root, and less often but more thoroughly.'],
  [/\b(run|walk|exercise|stretch)\b/, 'Begin gently, three times a week, and add no more than a tenth from one week to the next.'],
  [/\b(translate|french|spanish)\b/, 'In French you would say "bonjour", in Spanish "buenos días".'],
  [/\b(joke|funny)\b/, 'Why did the guard bring a ladder? To get to the next level.'],
  [/\b(poem|rhyme|haiku)\b/, 'Quiet evening gate, / a lantern hums to itself, / nobody asks why.'],
];
