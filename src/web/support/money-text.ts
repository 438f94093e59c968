import type { MoneyView } from '../../contract/route.ts'
import { useText } from '../messages/text.tsx'
import { formatMoney, isFree } from './numbers.ts'

/** Money as text, for buttons and sentences: "$0.11", "$0.84 to $1.02", "unknown". What will cost nothing is "free". */
export function useMoneyText(): {
  money: (amount: MoneyView | null) => string
  /** One amount when both ends read the same. */
  range: (from: MoneyView | null, to: MoneyView | null) => string
  about: (amount: MoneyView | null) => string
} {
  const { t, language } = useText()
  const money = (amount: MoneyView | null) => (amount === null ? t('common.unknown') : formatMoney(amount, language))
  return {
    money,
    range: (from, to) => {
      if (from === null || to === null) return t('common.unknown')
      if (isFree(from) && isFree(to)) return t('common.free')
      const [low, high] = [money(from), money(to)]
      return low === high ? low : t('common.range', { from: low, to: high })
    },
    about: (amount) =>
      amount === null ? t('common.priceUnknown') : isFree(amount) ? t('common.free') : t('common.about', { amount: money(amount) }),
  }
}
