import { useQuery } from '@tanstack/react-query'
import { Check, X } from 'lucide-react'
import { useState } from 'react'
import { type AssignmentView, type CandidateVerdict, previewAssignment, type RuleCheck } from '../../../contract/assignments.ts'
import { listProducts } from '../../../contract/catalogue.ts'
import { toApiProblem } from '../../api/problem.ts'
import { queryOf } from '../../api/query.ts'
import { Badge, type Meaning } from '../../components/badge.tsx'
import { ErrorNote } from '../../components/error-state.tsx'
import { Section } from '../../components/page.tsx'
import { Combobox } from '../../components/select.tsx'
import { useText } from '../../messages/text.tsx'

const MEANING: Record<CandidateVerdict['verdict'], Meaning> = {
  chosen: 'good',
  takes_over: 'information',
  second_look: 'information',
  spare: 'neutral',
  does_not_fit: 'neutral',
}

/** For a product of the catalogue: which candidate would serve it, and why. Of what is saved, not of what is being typed. */
export function ProductPreview({ assignment, isChanged }: { assignment: AssignmentView; isChanged: boolean }) {
  const { t } = useText()
  const { context, version, candidates } = assignment
  const [productId, setProductId] = useState<string | null>(null)
  const products = useQuery(queryOf(listProducts, { query: { limit: 200 } }))
  const preview = useQuery({
    ...queryOf(previewAssignment, { params: { context }, query: { productId: productId ?? '' } }),
    queryKey: [previewAssignment.id, context, version, productId],
    enabled: productId !== null && !isChanged,
  })
  if (!products.data || products.data.items.length === 0) return null
  return (
    <Section title={t('assignments.preview.title')} sentence={t('assignments.preview.what')}>
      {isChanged ? (
        <p className="text-ink-2">{t('assignments.preview.saveFirst')}</p>
      ) : (
        <div className="flex max-w-2xl flex-col gap-3">
          <Combobox
            label={t('assignments.preview.product')}
            value={productId}
            onChange={setProductId}
            placeholder={t('assignments.choose')}
            options={products.data.items.map(({ id, identifier, name, family }) => ({
              value: id,
              label: name === null ? identifier : `${identifier} ${name}`,
              note: family ?? undefined,
            }))}
          />
          {preview.error && <ErrorNote problem={toApiProblem(preview.error)} />}
          {preview.data && (
            <ol className="flex flex-col gap-2" aria-label={t('assignments.preview.title')}>
              {preview.data.candidates.map(({ position, verdict, checks }) => (
                <li key={position} className="rounded-md border border-line bg-surface px-3 py-2">
                  <p className="flex flex-wrap items-center gap-2">
                    <span className="font-medium">{candidates[position]?.connection.label}</span>
                    <bdi dir="ltr" className="font-mono text-table">
                      {candidates[position]?.model}
                    </bdi>
                    <Badge meaning={MEANING[verdict]}>{t(`assignments.preview.${verdict}`)}</Badge>
                  </p>
                  {checks.length === 0 ? (
                    <p className="text-table text-ink-2">{t('assignments.rules.none')}</p>
                  ) : (
                    <ul className="text-table">
                      {checks.map((check) => (
                        <CheckLine key={check.rule} check={check} />
                      ))}
                    </ul>
                  )}
                </li>
              ))}
              {preview.data.candidates.every(({ verdict }) => verdict !== 'chosen') && (
                <li className="text-attention">{t('assignments.preview.nobody')}</li>
              )}
            </ol>
          )}
        </div>
      )}
    </Section>
  )
}

function CheckLine({ check }: { check: RuleCheck }) {
  const { t, language } = useText()
  const list = new Intl.ListFormat(language, { type: 'conjunction' })
  const why = (): string => {
    switch (check.rule) {
      case 'families':
        return check.family === null ? t('assignments.preview.noFamily') : t('assignments.preview.family', { family: check.family })
      case 'missing':
        return check.missing.length === 0
          ? t('assignments.preview.lacksNone', { attributes: list.format(check.wanted) })
          : t('assignments.preview.lacks', { attributes: list.format(check.missing) })
      case 'inputCharacters':
        return t('assignments.preview.length', { count: check.characters })
      case 'flaggedByFirst':
        return t('assignments.preview.whenFlagged')
    }
  }
  return (
    <li className="flex items-start gap-1.5">
      {check.fits ? (
        <Check aria-hidden className="mt-0.5 size-3.5 text-good" />
      ) : (
        <X aria-hidden className="mt-0.5 size-3.5 text-failing" />
      )}
      <span>
        <span className="sr-only">{t(check.fits ? 'assignments.preview.fits' : 'assignments.preview.doesNotFit')} </span>
        {why()}
      </span>
    </li>
  )
}
