import type { Translate } from '../../messages/text.tsx'

/** Why a value is flagged, in words; a reason that this page does not know is shown as it came. */
export function flagText(reason: string, t: Translate): string {
  const known = ['number_not_in_source', 'unit_not_in_source', 'standard_not_in_source'] as const
  const found = known.find((one) => one === reason)
  return found ? t(`review.flags.${found}`) : reason
}
