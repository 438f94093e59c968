import type { LanguageModelV4GenerateResult } from '@ai-sdk/provider'
import { type Asked, type Bench, IGNORED, type Verdict, verdictOf, WORKS } from './bench.ts'
import { type LimitName, type Manner, speaksOpenAi, textOf, verdictOn, wasCutShort, waysOf } from './manner.ts'
import { limitedAnswer, oneWord, SAMPLING, stoppedAnswer } from './questions.ts'

/** Whether it can be told how much to think. Where it thinks, it thinks little from then on. */
export async function tryEffort(bench: Bench, manner: Manner, { thinks }: { thinks: boolean }): Promise<void> {
  await bench.trying('reasoning_effort')
  const asked = await bench.whole(oneWord, waysOf({ ...manner, thinksLittle: true }))
  if (asked.kind === 'answered' && thinks) manner.thinksLittle = true
  await bench.found('reasoning_effort', asked.kind === 'failed' ? verdictOf(asked.failure) : WORKS)
}

/** A limit that is kept ends an answer that would be longer. */
export async function tryLimit(bench: Bench, manner: Manner, limitName: LimitName): Promise<void> {
  await bench.trying(limitName)
  const asked = await bench.whole(limitedAnswer, waysOf({ ...manner, limitName }))
  const isKept = (answer: LanguageModelV4GenerateResult): boolean => {
    const { output_tokens: output = Infinity, reasoning_tokens: reasoning = 0 } = (asked.kind === 'answered' && asked.base.usage) || {}
    return wasCutShort(answer) || output + reasoning <= limitedAnswer.outputTokensAtMost
  }
  await bench.found(limitName, asked.kind === 'answered' ? (isKept(asked.answer) ? WORKS : IGNORED) : verdictOn(asked, () => WORKS))
}

type Sampling = keyof typeof SAMPLING
const SAMPLINGS = Object.keys(SAMPLING) as Sampling[]

/** All three at once; one by one where that is refused, to see which it was. */
export async function trySampling(bench: Bench, manner: Manner): Promise<void> {
  await bench.trying('temperature')
  const asked = await askSampled(bench, manner, SAMPLINGS)
  const isRefused = asked.kind === 'failed' && verdictOf(asked.failure).note === 'refused'
  for (const name of SAMPLINGS) {
    if (isRefused) await bench.trying(name)
    await bench.found(name, sampledVerdict(name, isRefused ? await askSampled(bench, manner, [name]) : asked))
  }
}

function askSampled(bench: Bench, manner: Manner, names: readonly Sampling[]): Promise<Asked<LanguageModelV4GenerateResult>> {
  if (speaksOpenAi(manner.offer)) {
    const chosen = Object.fromEntries(names.map((name) => [name, SAMPLING[name]]))
    // written into the body: the SDK leaves out what it thinks a model does not have
    return bench.whole(
      stoppedAnswer,
      waysOf(manner, (body) => ({ ...body, ...chosen })),
    )
  }
  const { temperature, seed, stop } = SAMPLING
  const options = {
    ...stoppedAnswer.options,
    ...(names.includes('temperature') ? { temperature } : {}),
    ...(names.includes('seed') ? { seed } : {}),
    ...(names.includes('stop') ? { stopSequences: [...stop] } : {}),
  }
  return bench.whole({ ...stoppedAnswer, options })
}

function sampledVerdict(name: Sampling, asked: Asked<LanguageModelV4GenerateResult>): Verdict {
  return verdictOn(asked, (answer) => {
    const feature = name === 'stop' ? 'stopSequences' : name
    if (answer.warnings.some((warning) => warning.type === 'unsupported' && warning.feature === feature)) return IGNORED
    return name === 'stop' && textOf(answer).includes(SAMPLING.stop[0]) ? IGNORED : WORKS
  })
}
