/**
 * A provider's batch service: many requests handed over at once, worked through in the provider's own time, at a lower price. What
 * it is handed and what it says is written and read by its form (providers/batches/); asking it is calls/batches/.
 */
export interface BatchOffer {
  readonly form: BatchForm
  /** The most requests, and bytes of input, that one batch may hold; ours where the provider takes more. */
  readonly requestsAtMost: number
  readonly bytesAtMost: number
  /** After so long it ends, whether it is done or not. */
  readonly lastsAtMostMs: number
  /** What was read from the prompt cache where no batch price of it is published: charged as input is, or as in a usual call. */
  readonly cacheReads: 'as input' | 'as in a usual call'
  /**
   * Whether requests that a batch did not come to, because it was cancelled or has expired, surely cost nothing. Where it hands out no
   * results then, what it had finished may be charged all the same.
   */
  readonly unfinished: 'not billed' | 'unknown'
}

/** How one provider's batches are written and read; nothing here sends anything. */
export interface BatchForm {
  readonly id: string
  /** The provider keeps a label of ours, and says it in its list. */
  readonly keepsLabels: boolean
  /** One request as it goes into the input. `customId` comes back with its result. */
  line(request: { readonly customId: string; readonly model: string; readonly path: string; readonly body: JsonBody }): unknown
  /** Where the input is a file that is uploaded first. Absent: it goes into the request that makes the batch. */
  readonly upload?: {
    ask(input: { readonly name: string; readonly lines: readonly string[] }): BatchQuestion
    /** The file's id; undefined is not this provider's answer. */
    read(body: unknown): string | undefined
  }
  /** Makes the batch, of a file or of the lines themselves. `label` is ours, and found again where the provider keeps labels. */
  create(input: {
    readonly label: string
    readonly model: string
    readonly path: string
    readonly fileId: string | undefined
    readonly lines: readonly string[]
  }): BatchQuestion
  look(id: string): BatchQuestion
  cancel(id: string): BatchQuestion
  /** Its newest batches first, a page of them; `after` is what the page before gave. */
  list(after: string | undefined): BatchQuestion
  /** Undefined is not this provider's answer. */
  read(body: unknown): ProviderBatch | undefined
  readList(body: unknown): { readonly batches: readonly ProviderBatch[]; readonly next: string | undefined } | undefined
  /** Where the results of a batch that has ended are: files of one JSON text a line. */
  results(batch: ProviderBatch): readonly BatchQuestion[]
  /** Where input and results are files of the account: deletes one of them. Absent: they belong to the batch, and go with it in time. */
  readonly discard?: (fileId: string) => BatchQuestion
  /** One result; undefined for what is none. */
  readResult(line: unknown): BatchResult | undefined
}

export type JsonBody = Readonly<Record<string, unknown>>

/** One request to the provider, of those that steer a batch. */
export interface BatchQuestion {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  readonly body?: Uint8Array
  readonly contentType?: string
}

/** A batch as its provider says. */
export interface ProviderBatch {
  readonly id: string
  /** 'refused': its input was found wrong, and nothing of it was done. */
  readonly state: 'working' | 'cancelling' | 'completed' | 'expired' | 'cancelled' | 'refused'
  /** Absent where the provider keeps none. */
  readonly label?: string | undefined
  readonly requests?: number | undefined
  readonly done?: number | undefined
  readonly failed?: number | undefined
  readonly createdAt?: Date | undefined
  readonly expiresAt?: Date | undefined
  /** The ids of the files that its requests came in, where they did. */
  readonly inputs?: readonly string[]
  /** The ids of the files that its results are in. */
  readonly files: readonly string[]
  /** Results that came with this word of the batch itself. */
  readonly inline?: readonly unknown[] | undefined
}

/** What became of one request of a batch. */
export type BatchResult =
  /** It was answered, as a usual call would have been; `status` tells whether with success. */
  | { readonly customId: string; readonly kind: 'answered'; readonly status: number; readonly body: unknown }
  /** The batch ended before its turn came. */
  | { readonly customId: string; readonly kind: 'expired' | 'cancelled' }

/** Our bounds, where a provider's own are wider: what is in memory at once, and what one mishap costs. */
export const REQUESTS_AT_MOST = 10_000
export const BYTES_AT_MOST = 64 * 1024 * 1024

export const HOUR_MS = 3_600_000
