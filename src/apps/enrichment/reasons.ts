/** Why a quote is as wide as it is: a code with its figures, for a page in any language. */
export type QuoteReason =
  | { readonly code: 'output_predicted'; readonly values: { readonly low: number; readonly high: number } }
  | { readonly code: 'output_observed'; readonly values: { readonly low: number; readonly high: number; readonly products: number } }
  | { readonly code: 'input_counted'; readonly values: Readonly<Record<string, never>> }
  | { readonly code: 'input_estimated'; readonly values: { readonly source: string } }
  | { readonly code: 'input_corrected'; readonly values: Readonly<Record<string, never>> }
  | { readonly code: 'cache_not_counted'; readonly values: Readonly<Record<string, never>> }
  | { readonly code: 'cache_at_best'; readonly values: Readonly<Record<string, never>> }
  | { readonly code: 'cache_too_short'; readonly values: { readonly tokens: number; readonly minimum: number } }
  | { readonly code: 'thinking'; readonly values: { readonly tokens: number } }
  | { readonly code: 'asked_again'; readonly values: { readonly percent: number } }
  | { readonly code: 'second_look'; readonly values: { readonly percent: number; readonly model: string } }
  | { readonly code: 'filled'; readonly values: { readonly products: number; readonly percent: number } }
  | { readonly code: 'scaled_up'; readonly values: { readonly counted: number; readonly selected: number } }
  | { readonly code: 'other_currency'; readonly values: { readonly currency: string } }
  | { readonly code: 'paid_by_hour'; readonly values: { readonly hour: string; readonly currency: string } }
  | { readonly code: 'price_unknown'; readonly values: Readonly<Record<string, never>> }

/** A reason in English. */
export function describeReason({ code, values }: QuoteReason): string {
  switch (code) {
    case 'output_predicted':
      return `Answers are expected to have ${values.low} to ${values.high} tokens a product, from the recipe’s lengths; a canary narrows this.`
    case 'output_observed':
      return `Answers have ${values.low} to ${values.high} tokens a product, from ${values.products} products that have run.`
    case 'input_counted':
      return 'Input is counted with the model’s own tokenizer.'
    case 'input_estimated':
      return `Input is estimated, not counted (${values.source}).`
    case 'input_corrected':
      return 'Input is corrected by what the first calls were billed.'
    case 'cache_not_counted':
      return 'No discount: prompt caching is not counted on with this provider.'
    case 'cache_at_best':
      return 'The low end assumes that the provider’s prompt cache holds the constant part; the high end, that it never does.'
    case 'cache_too_short':
      return `The constant part of the prompt has ${values.tokens} tokens; prompts are cached from ${values.minimum}: no discount.`
    case 'thinking':
      return `The model may think before it answers: up to ${values.tokens} tokens more a call.`
    case 'asked_again':
      return `The high end includes ${values.percent} % of the products being asked a second time.`
    case 'second_look':
      return `The high end includes ${values.percent} % of the products going to ${values.model} for a second look.`
    case 'filled':
      return `${values.products} products are filled in from a sibling; the high end expects ${values.percent} % of them to be asked about after all.`
    case 'scaled_up':
      return `Counted on the first ${values.counted} products and scaled up to ${values.selected}.`
    case 'other_currency':
      return `Its prices are in ${values.currency}, not in the workspace’s currency: the cost is unknown here.`
    case 'paid_by_hour':
      return `The machine is paid by the hour, at ${values.hour} ${values.currency}. How long it will take is not known: the cost shows as the calls end.`
    case 'price_unknown':
      return 'No price is known for this model: the cost is unknown.'
  }
}
