import type { GroupKind } from '../../../contract/review-groups.ts'
import type { Translate } from '../../messages/text.tsx'
import { flagText } from './flag-text.ts'

/** What proposals of a group have in common, in words: "brand moved to the front". */
export function groupText(kind: GroupKind, words: string | null, t: Translate): string {
  if (words === null) return t(`groups.kinds.${kind}`)
  if (kind === 'flagged') return t('groups.with.flagged', { words: flagText(words, t) })
  const named = ['moved_to_front', 'added_at_end', 'added_at_front', 'word_replaced'] as const
  const known = named.find((one) => one === kind)
  return known ? t(`groups.with.${known}`, { words }) : t(`groups.kinds.${kind}`)
}
