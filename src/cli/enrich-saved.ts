import { formatMoney, parseNano } from '../base/money.ts'
import { formatCount } from '../base/text.ts'
import type { MoneyView } from '../contract/route.ts'
import type { RunSavingsView, WhyNotKnown } from '../contract/runs.ts'
import { rangeOf } from './enrich-text.ts'

type SavedStep = RunSavingsView['steps'][number]

/** What each step saved, beside what was quoted of it; nothing of those that changed nothing. */
export function describeSavings({ steps, saved, without }: RunSavingsView): string[] {
  const shown = steps.filter(({ because, count, saved: amount }) => !(because && count === 0 && (amount === null || amount.amount === '0')))
  if (shown.length === 0) return []
  const sum =
    saved && without && without.amount !== '0' ? `: ${moneyText(saved)}; without them it would have cost ${moneyText(without)}` : ''
  return ['', `Saved by its steps${sum}:`, ...shown.map((step) => `  ${stepLine(step)}`)]
}

function stepLine(step: SavedStep): string {
  const { quoted, saved, unknown } = step
  const was = quoted ? `quoted ${rangeOf(parseNano(quoted.low), parseNano(quoted.high), quoted.currency)}` : 'not quoted'
  return `${whatItDid(step)}: ${was}, ${saved ? savedText(saved) : `saved an unknown amount: ${WHY_NOT_KNOWN[unknown!]}`}`
}

const savedText = ({ amount, currency }: MoneyView): string =>
  amount.startsWith('-') ? `cost ${moneyText({ amount: amount.slice(1), currency })} more` : `saved ${moneyText({ amount, currency })}`

const moneyText = ({ amount, currency }: MoneyView): string => formatMoney({ nano: parseNano(amount), currency })

function whatItDid({ step, count, values }: SavedStep): string {
  const many = formatCount(count)
  switch (step) {
    case 'unchanged':
      return `unchanged products were left out (${many})`
    case 'rules':
      return `what stands in the data was not asked (${many} products, ${formatCount(values ?? 0)} whole values)`
    case 'siblings':
      return `siblings were filled in (${many} products)`
    case 'perCall':
      return `products shared calls (${many} calls fewer)`
    case 'caching':
      return `the prompt cache of the provider (${many} tokens read)`
    case 'cheapFirst':
      return `the second look at flagged products alone (${many} without)`
    case 'batch':
      return `the batch service of the provider (${many} calls)`
  }
}

const WHY_NOT_KNOWN: Readonly<Record<WhyNotKnown, string>> = {
  cost_unknown: 'nobody knows what some answered calls cost',
  none_asked: 'no product was asked about, so that nothing says what one costs',
  price_unknown: 'what its calls were charged does not say the price of their input',
  second_unknown: 'no price is known of whoever looks again',
  list_unknown: 'no usual price of its calls is known',
  not_quoted: 'its quote says nothing of it',
}
