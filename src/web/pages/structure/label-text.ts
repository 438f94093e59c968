import type { Labels } from '../../../contract/structure.ts'

/** What has a label, or a code at least. */
export interface Labelled {
  readonly code: string
  readonly labels: Labels
}

/** An item's label in the person's language, else in English, else in any; its code where it has none. */
export function labelText({ code, labels }: Labelled, language: string): string {
  const inLanguage = (wanted: string): string | undefined =>
    labels[wanted] ?? Object.entries(labels).find(([locale]) => locale.split('-')[0] === wanted)?.[1]
  return inLanguage(language) ?? inLanguage('en') ?? Object.values(labels)[0] ?? code
}

/** What a person wrote, one entry a line, each once. */
export const linesOf = (text: string): string[] => [...new Set(text.split('\n').flatMap((line) => line.trim() || []))]

/** What a person wrote, divided by commas, each once. */
export const listIn = (text: string): string[] => [...new Set(text.split(/[\s,;]+/).flatMap((entry) => entry.trim() || []))]
