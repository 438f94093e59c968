import { embeddingBody, readVectors, type Vector } from '../../../calls/embedding-forms.ts'
import { worstCaseOfCall } from '../../../calls/price.ts'
import { pathOf } from '../../../providers/asked.ts'
import type { EmbeddingsOffer } from '../../../providers/offer.ts'
import { type Bench, verdictOf, WORKS } from './bench.ts'
import { oneText, TEXT } from './questions.ts'

/** Asks for the vector of one word. */
export async function probeEmbeddings(bench: Bench, offer: EmbeddingsOffer): Promise<void> {
  await bench.trying('embedding')
  const asked = await bench.once<Vector[]>((request, at) => {
    const { candidate } = request
    const { inputTokensAtMost, outputTokensAtMost } = oneText
    return {
      offer,
      path: pathOf(offer, candidate.model),
      worstCaseNano: worstCaseOfCall({ ...request, at, inputTokensAtMost, outputTokensAtMost }),
      tokensAtMost: inputTokensAtMost,
      ask: async (fetch) => {
        const body = embeddingBody(offer, { model: candidate.model, texts: [TEXT], purpose: 'query', dimensions: undefined })
        const answer = await fetch('http://sealed.invalid/', { method: 'POST', body })
        return readVectors(offer, await answer.json(), { count: 1, dimensions: undefined })
      },
    }
  })
  await bench.found('embedding', asked.kind === 'failed' ? verdictOf(asked.failure) : WORKS)
}
