interface Decided {
  readonly asWritten: number
  readonly edited: number
  readonly rejected: number
}

/** Of what people decided on, the share that they accepted as it was written; undefined: they decided on none. */
export function acceptedShare({ asWritten, edited, rejected }: Decided): number | undefined {
  const decided = asWritten + edited + rejected
  return decided === 0 ? undefined : asWritten / decided
}

/** The counts of all sources and attributes, by model. */
export function byModel(counts: readonly (Decided & { readonly model: string | null })[]): Map<string, Decided> {
  const models = new Map<string, Decided>()
  for (const { model, asWritten, edited, rejected } of counts) {
    if (model === null) continue
    const before = models.get(model) ?? { asWritten: 0, edited: 0, rejected: 0 }
    models.set(model, { asWritten: before.asWritten + asWritten, edited: before.edited + edited, rejected: before.rejected + rejected })
  }
  return models
}
