import { setTimeout as sleep } from 'node:timers/promises'
import { dial, requestBytes, type Target } from './lanes.ts'
import { type Quantiles, quantilesOf } from './quantiles.ts'

/** A stream as its reader sees it. */
interface Reading {
  readonly status: string // '' until the answer begins
  readonly chunks: number
  /** Resolves at the first chunk, after so many ms; NaN: there was none. */
  readonly first: Promise<number>
  /** Resolves at the end of the answer; false: the connection ended, or it was no stream. */
  readonly ended: Promise<boolean>
  readonly complaint: string | undefined
  leave(): void
}

type Hear = (arrival: { readonly nowUs: number; readonly writtenUs: number; readonly sinceLastUs: number | undefined }) => void

const WRITTEN = /"at":(\d+)/g
const nowUs = (): number => Number(process.hrtime.bigint() / 1_000n)

/** Asks for a stream. The target's connections are used once. */
async function openStream(target: Target, hear: Hear = () => undefined): Promise<Reading> {
  const { hostname, port } = new URL(target.url)
  const socket = await dial(hostname, Number(port))
  const first = Promise.withResolvers<number>()
  const ended = Promise.withResolvers<boolean>()
  const startedUs = nowUs()
  let status = ''
  let complaint: string | undefined
  let chunks = 0
  let lastUs: number | undefined
  let rest = ''
  const end = (isWhole: boolean): void => {
    first.resolve(Number.NaN)
    ended.resolve(isWhole)
    socket.destroy()
  }
  socket.setEncoding('latin1')
  socket.on('data', (text: string) => {
    const atUs = nowUs()
    if (status === '') status = text.slice(9, 12)
    if (status !== '200') {
      complaint ??= text.slice(0, 2_000)
      return end(false)
    }
    rest += text
    for (const [, writtenUs] of rest.matchAll(WRITTEN)) {
      chunks += 1
      if (chunks === 1) first.resolve((atUs - startedUs) / 1_000)
      hear({ nowUs: atUs, writtenUs: Number(writtenUs), sinceLastUs: lastUs === undefined ? undefined : atUs - lastUs })
      lastUs = atUs
    }
    const isOver = rest.includes('data: [DONE]')
    rest = rest.slice(rest.lastIndexOf('\n') + 1)
    if (isOver) end(true)
  })
  socket.on('close', () => end(false))
  socket.write(requestBytes(target))
  return {
    get status() {
      return status
    },
    get chunks() {
      return chunks
    },
    get complaint() {
      return complaint
    },
    first: first.promise,
    ended: ended.promise,
    leave: () => end(false),
  }
}

/** Time to the first token, ms, of short streams one after the other in each of `lanes`. */
export async function firstTokens(
  target: Target,
  { lanes, seconds }: { lanes: number; seconds: number },
): Promise<StreamFailures & Quantiles> {
  const endsMs = performance.now() + seconds * 1_000
  const times: number[] = []
  const failures = createFailures()
  const lane = async (): Promise<void> => {
    while (performance.now() < endsMs) {
      const reading = await openStream(target)
      const firstMs = await reading.first
      if (!(await reading.ended)) return failures.add(reading)
      times.push(firstMs)
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  return { ...quantilesOf(times), ...failures.seen }
}

/** Streams that did not come to their end, and what one of them said. */
export interface StreamFailures {
  failed: number
  complaint: string | undefined
}

function createFailures(): { readonly seen: StreamFailures; add(reading: Reading): void } {
  const seen: StreamFailures = { failed: 0, complaint: undefined }
  return {
    seen,
    add({ complaint }) {
      seen.failed += 1
      seen.complaint ??= complaint
    },
  }
}

export interface OpenStreams extends StreamFailures {
  readonly streams: number
  /** From the upstream's writing to the reader, ms. */
  readonly delay: Quantiles
  /** Between two tokens of a stream as they arrive, ms. */
  readonly gap: Quantiles
  readonly chunksPerSecond: number
}

/**
 * Keeps `streams` open at once, and measures for `seconds` from when all are. `targetOf` gives the target for so many chunks;
 * `whileOpen` runs meanwhile.
 */
export async function holdStreams(
  targetOf: (chunks: number) => Target,
  { streams, gapMs, seconds, openPerSecond, whileOpen }: StreamPlan,
): Promise<OpenStreams> {
  const chunks = Math.ceil(((streams / openPerSecond + seconds) * 1.5 * 1_000) / gapMs) + 10
  const delays: number[] = []
  const gaps: number[] = []
  let isMeasured = false
  const readings: Reading[] = []
  const hear: Hear = ({ nowUs: atUs, writtenUs, sinceLastUs }) => {
    if (!isMeasured) return
    delays.push((atUs - writtenUs) / 1_000)
    if (sinceLastUs !== undefined) gaps.push(sinceLastUs / 1_000)
  }
  const failures = createFailures()
  for (let opened = 0; opened < streams && failures.seen.failed === 0; opened += 1) {
    const reading = await openStream(targetOf(chunks), hear)
    readings.push(reading)
    void reading.ended.then((isWhole) => isWhole || failures.add(reading))
    await sleep(1_000 / openPerSecond)
  }
  if (failures.seen.failed === 0) {
    await Promise.all(readings.map(({ first }) => first))
    isMeasured = true
    const startedMs = performance.now()
    await Promise.all([sleep(seconds * 1_000), whileOpen?.(seconds * 1_000)])
    isMeasured = false
    const elapsed = (performance.now() - startedMs) / 1_000
    await Promise.all(readings.map(({ ended }) => ended))
    return { streams, delay: quantilesOf(delays), gap: quantilesOf(gaps), chunksPerSecond: delays.length / elapsed, ...failures.seen }
  }
  for (const reading of readings) reading.leave()
  return { streams, delay: quantilesOf([]), gap: quantilesOf([]), chunksPerSecond: 0, ...failures.seen }
}

export interface StreamPlan {
  readonly streams: number
  readonly gapMs: number
  readonly seconds: number
  readonly openPerSecond: number
  readonly whileOpen?: (forMs: number) => Promise<void>
}

/** Reads `chunks` of each stream and leaves. @returns how many were read in all, and what failed. */
export async function leaveStreams(
  target: Target,
  { streams, chunks }: { streams: number; chunks: number },
): Promise<StreamFailures & { readonly read: number }> {
  const failures = createFailures()
  const one = async (): Promise<number> => {
    const enough = Promise.withResolvers<void>()
    let heard = 0
    const reading = await openStream(target, () => ++heard >= chunks && enough.resolve())
    await Promise.race([enough.promise, reading.ended])
    reading.leave()
    if (reading.chunks < chunks) failures.add(reading)
    return reading.chunks
  }
  const read = await Promise.all(Array.from({ length: streams }, one))
  return { read: read.reduce((all, each) => all + each, 0), ...failures.seen }
}
