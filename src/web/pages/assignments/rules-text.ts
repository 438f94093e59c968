import type { AssignmentRules } from '../../../contract/assignments.ts'
import { useText } from '../../messages/text.tsx'

/** Rules as sentences, in the order in which they are checked; empty for a candidate that takes every record. */
export function useRuleSentences(): (rules: AssignmentRules) => string[] {
  const { t, language } = useText()
  const list = new Intl.ListFormat(language, { type: 'disjunction' })
  return ({ families, missing, inputCharacters, flaggedByFirst }) => [
    ...(flaggedByFirst ? [t('assignments.rules.flaggedText')] : []),
    ...(families ? [t('assignments.rules.familiesText', { families: list.format(families) })] : []),
    ...(missing ? [t('assignments.rules.missingText', { attributes: list.format(missing) })] : []),
    ...(inputCharacters ? [lengthText(inputCharacters)] : []),
  ]
  function lengthText({ atLeast, atMost }: NonNullable<AssignmentRules['inputCharacters']>): string {
    if (atLeast !== undefined && atMost !== undefined) return t('assignments.rules.lengthBetween', { from: atLeast, to: atMost })
    if (atLeast !== undefined) return t('assignments.rules.lengthFrom', { from: atLeast })
    return t('assignments.rules.lengthTo', { to: atMost ?? 0 })
  }
}
