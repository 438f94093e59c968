import { z } from 'zod'

/** How a proposed value differs from what stands there now: the first of these that fits. See docs/guides/review.md. */
export const CHANGE_KINDS = [
  'new', // where nothing stood
  'cleared', // nothing, where something stands
  'same',
  'option', // another value of the recipe's list
  'markup_only',
  'case_or_punctuation',
  'units_normalised',
  'moved_to_front',
  'words_reordered',
  'added_at_end',
  'added_at_front',
  'lengthened', // words put in, none taken out
  'shortened', // words taken out, none put in
  'number_changed',
  'word_replaced',
  'rewritten',
] as const
export type ChangeKind = (typeof CHANGE_KINDS)[number]

/** Groups of proposals: by kind of change, and those that need an eye for themselves. */
export const GROUP_KINDS = ['flagged', 'over_person', 'from_source', ...CHANGE_KINDS] as const
export const groupKind = z.enum(GROUP_KINDS)
export type GroupKind = z.output<typeof groupKind>

/** What tells groups of one kind apart: the words that replace others, the attribute that was moved or added, the reason of a flag. */
export const groupWords = z.string().min(1).max(200)
