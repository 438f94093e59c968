import { readStaleProduct } from '../../../contract/stale.ts'
import { useMutation, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { History, Pencil } from 'lucide-react'
import { useState } from 'react'
import type { ProductValueView, ProductView } from '../../../contract/catalogue.ts'
import { listProposals, restoreValue, undo, valueHistory, writeValue, type ProposalView } from '../../../contract/review.ts'
import type { ProductStandingView } from '../../../contract/structure.ts'
import { callApi } from '../../api/call.ts'
import { toApiProblem } from '../../api/problem.ts'
import { queryOf } from '../../api/query.ts'
import { Badge } from '../../components/badge.tsx'
import { Button, IconButton } from '../../components/button.tsx'
import { ErrorNote } from '../../components/error-state.tsx'
import { RelativeTime } from '../../components/figures.tsx'
import { ProvenanceMark } from '../../components/provenance-mark.tsx'
import { Bar, Skeleton } from '../../components/skeleton.tsx'
import { say, sayProblem } from '../../components/toast.tsx'
import { useText } from '../../messages/text.tsx'
import { useMay } from '../../support/me.ts'
import { labelText } from '../structure/label-text.ts'
import { hasInput, TypedEditor } from '../structure/typed-editor.tsx'
import type { AttributeFacts } from '../structure/value-input.ts'
import { ProposalDiff } from './proposal-detail.tsx'
import { markOf, ProvenanceFacts, ValueMark } from './provenance-facts.tsx'
import { takeBack, valuesChanged } from './steps.ts'
import { useDecisions } from './use-decisions.ts'
import { ValueEditor } from './value-editor.tsx'
import { ValueHistory } from './value-history.tsx'
import { shownText, valueText, type Given } from './value-text.ts'

/** A product's values: where each came from, edited in place, with what waits beside it and its history. */
export function ProductValues({ product, standing }: { product: ProductView; standing?: ProductStandingView | undefined }) {
  const { t } = useText()
  const [history, setHistory] = useState<string>()
  const waiting = product.values.some(({ proposals }) => proposals > 0)
  const { data } = useQuery({ ...queryOf(listProposals, { query: { productId: product.id, limit: 200 } }), enabled: waiting })
  return (
    <>
      <dl aria-label={t('review.values')} className="overflow-hidden rounded-md border border-line bg-surface">
        {product.values.map((value) => (
          <ValueRow
            key={`${value.attribute}@${value.locale ?? ''}/${value.channel ?? ''}`}
            productId={product.id}
            value={value}
            definition={standing?.attributes.find(({ code }) => code === value.attribute)}
            misfit={standing?.misfits.find((misfit) => isAtPlace(misfit, value))?.misfit}
            proposals={data?.items.filter((proposal) => isAtPlace(proposal, value)) ?? []}
            onHistory={() => setHistory(value.attribute)}
          />
        ))}
      </dl>
      <ValueHistory productId={product.id} attribute={history} onClose={() => setHistory(undefined)} />
    </>
  )
}

type Place = Pick<ProductValueView, 'attribute' | 'locale' | 'channel'>
const isAtPlace = (one: Place, { attribute, locale, channel }: Place): boolean =>
  one.attribute === attribute && one.locale === locale && one.channel === channel

interface ValueRowProps {
  productId: string
  value: ProductValueView
  definition: AttributeFacts | undefined
  misfit: ProductStandingView['misfits'][number]['misfit'] | undefined
  proposals: readonly ProposalView[]
  onHistory: () => void
}

function ValueRow({ productId, value, definition, misfit, proposals, onHistory }: ValueRowProps) {
  const { t, language } = useText()
  const mayEdit = useMay('catalogue.write')
  const [editing, setEditing] = useState(false)
  const { attribute, locale, channel, kind, decision, changeId } = value
  const text = shownText(value.value)
  return (
    <div className="grid gap-x-4 gap-y-1 border-b border-line px-3 py-2 last:border-0 md:grid-cols-[minmax(8rem,14rem)_minmax(0,1fr)]">
      <dt className="flex flex-wrap items-baseline gap-x-2 font-medium break-words md:py-1">
        {definition ? labelText(definition, language) : attribute}
        {locale && <span className="text-small font-normal text-ink-2">{locale}</span>}
        {channel && <span className="text-small font-normal text-ink-2">{channel}</span>}
        <StaleMark productId={productId} attribute={attribute} locale={locale} />
      </dt>
      <dd className="min-w-0">
        {editing ? (
          <Editing productId={productId} value={value} definition={definition} onClose={() => setEditing(false)} />
        ) : (
          <div className="flex items-start gap-1">
            <p lang={locale ?? undefined} dir="auto" className="min-w-0 flex-1 py-1 break-words whitespace-pre-wrap">
              {text === '' ? <span className="text-ink-3">{t('common.diff.empty')}</span> : text}
              {value.inheritedFrom && (
                <Link
                  to="/catalogue/$productId"
                  params={{ productId: value.inheritedFrom.id }}
                  className="ms-2 text-small text-ink-2 underline decoration-line-strong underline-offset-2"
                >
                  {t('mapping.product.inherited', { identifier: value.inheritedFrom.identifier })}
                </Link>
              )}
            </p>
            <span className="flex shrink-0 items-center">
              {(text !== '' || changeId !== null) && !value.inheritedFrom ? (
                <ProvenanceMark kind={markOf({ kind, decision })}>
                  <CurrentFacts productId={productId} value={value} />
                </ProvenanceMark>
              ) : null}
              {mayEdit && !value.fixed && (
                <IconButton
                  small
                  label={t('review.editValue', { attribute })}
                  icon={<Pencil aria-hidden className="size-3.5" />}
                  onClick={() => setEditing(true)}
                />
              )}
              <IconButton
                small
                label={t('review.history.open', { attribute })}
                icon={<History aria-hidden className="size-3.5" />}
                onClick={onHistory}
              />
            </span>
          </div>
        )}
        {misfit && !editing && (
          <p className="mb-1">
            <Badge meaning="attention">{t('structure.values.unfit', { why: t(`structure.misfits.${misfit}`) })}</Badge>
          </p>
        )}
        {proposals.map((proposal) => (
          <InlineProposal key={proposal.id} proposal={proposal} />
        ))}
      </dd>
    </div>
  )
}

/** What the mark of a current value opens; the change behind it is read when it is asked for. */
function CurrentFacts({ productId, value: { attribute, changeId, kind, at } }: { productId: string; value: ProductValueView }) {
  const { t } = useText()
  const { data, error } = useQuery({
    ...queryOf(valueHistory, { params: { productId, attribute }, query: { limit: 100 } }),
    enabled: changeId !== null,
  })
  if (changeId === null) {
    return (
      <p className="text-ink-2">
        {t(`review.facts.from.${kind}`)} <RelativeTime at={at} />
      </p>
    )
  }
  if (error) return <ErrorNote problem={toApiProblem(error)} />
  const change = data?.items.find(({ id }) => id === changeId)
  if (!data) {
    return (
      <Skeleton>
        <Bar width="w-48" />
      </Skeleton>
    )
  }
  if (!change) return <p className="text-ink-2">{t(`review.facts.from.${kind}`)}</p>
  return <ProvenanceFacts provenance={change.provenance} acceptedBy={change.provenance.kind === 'person' ? null : change.decidedByName} />
}

interface EditingProps {
  productId: string
  value: ProductValueView
  definition: AttributeFacts | undefined
  onClose: () => void
}

function Editing({ productId, value, definition, onClose }: EditingProps) {
  const { t } = useText()
  const { attribute, locale, channel, changeId: over, kind, imported } = value
  const params = { productId, attribute }
  const done = ({ decisionId }: { decisionId: string | null }) => {
    onClose()
    void valuesChanged()
    if (decisionId === null) return
    say(t('review.editor.saved', { attribute }), {
      undo: () => takeBack(undo, { decisionId }).catch((error: unknown) => sayProblem(error, t)),
    })
  }
  const write = useMutation({
    mutationFn: (given: Given | null) => callApi(writeValue, { params, body: { value: given, locale, channel, over } }),
    onSuccess: done,
    onError: () => void valuesChanged(),
  })
  const restore = useMutation({
    mutationFn: () => callApi(restoreValue, { params, body: { locale, channel, over } }),
    onSuccess: done,
    onError: () => void valuesChanged(),
  })
  const problem = write.error ?? restore.error
  const more = (
    <>
      {toApiProblem(problem).code === 'value.changed' && (
        <p className="basis-full text-table text-ink-2">
          {t('review.editor.now')} <bdi lang={locale ?? undefined}>{valueText(value.value) || t('common.diff.empty')}</bdi>
        </p>
      )}
      {value.value !== null && (
        <Button kind="quiet" onClick={() => write.mutate(null)}>
          {t('review.editor.clear')}
        </Button>
      )}
      {kind !== 'imported' && imported !== null && (
        <Button kind="quiet" onClick={() => restore.mutate()}>
          {t('review.editor.restore')}
        </Button>
      )}
    </>
  )
  const form = {
    label: t('review.editing', { attribute }),
    value: value.value ?? imported,
    locale,
    action: t('common.save'),
    more,
    onCancel: onClose,
    busy: write.isPending || restore.isPending,
    problem: problem ? toApiProblem(problem) : undefined,
    onSave: (given: Given | null) => write.mutate(given),
  }
  return hasInput(definition) ? <TypedEditor {...form} attribute={definition} /> : <ValueEditor {...form} />
}

/** What waits for a value, decided where it stands. */
function InlineProposal({ proposal }: { proposal: ProposalView }) {
  const { t } = useText()
  const mayDecide = useMay('review.decide')
  const decisions = useDecisions()
  const [editing, setEditing] = useState(false)
  const decided = decisions.decided.get(proposal.id)
  const { attribute, locale, proposed, provenance } = proposal
  const settle = async (said: Parameters<typeof decisions.decide>[1]) => {
    setEditing(false)
    const decisionId = await decisions.decide(proposal, said)
    await valuesChanged()
    if (decisionId === null) return
    say(t(`review.said.${said.decision}`), {
      undo: () => takeBack(undo, { decisionId }).catch((error: unknown) => sayProblem(error, t)),
    })
  }
  return (
    <section aria-label={t('review.proposalOf', { attribute })} className="my-2 rounded-md border border-line bg-sunken p-3">
      <p className="mb-2 flex flex-wrap items-center gap-2">
        <Badge meaning="attention">{t('review.states.proposed')}</Badge>
        <ValueMark provenance={provenance} wordy />
      </p>
      {editing ? (
        <ValueEditor
          label={t('review.editing', { attribute })}
          value={proposed}
          locale={locale}
          action={t('review.acceptEdited')}
          onSave={(value) => void settle({ decision: 'edit', value })}
          onCancel={() => setEditing(false)}
        />
      ) : (
        <ProposalDiff proposal={proposal} />
      )}
      {decided?.result === 'changed' && <p className="mt-2 text-attention">{t('review.results.changed')}</p>}
      {mayDecide && !editing && (
        <div className="mt-3 flex flex-wrap gap-2">
          <Button small kind="main" busy={decided?.result === 'asked'} onClick={() => void settle({ decision: 'accept' })}>
            {t('review.accept')}
          </Button>
          <Button small onClick={() => void settle({ decision: 'reject' })}>
            {t('review.reject')}
          </Button>
          <Button small onClick={() => setEditing(true)}>
            {t('review.edit')}
          </Button>
        </div>
      )}
    </section>
  )
}

/** It would be written from something else today: why, on hover and aloud. */
function StaleMark({ productId, attribute, locale }: { productId: string; attribute: string; locale: string | null }) {
  const { t, language } = useText()
  const { data } = useQuery(queryOf(readStaleProduct, { params: { productId } }))
  const stale = data?.values.find((one) => one.attribute === attribute && one.locale === locale)
  if (!stale) return null
  const why = stale.causes.map((cause) => t(`stale.causes.${cause}`))
  const reasons = new Intl.ListFormat(language, { type: 'unit' }).format([...why, ...stale.changed])
  return (
    <span title={reasons}>
      <Badge meaning="information">{t('stale.mark')}</Badge>
      <span className="sr-only">{reasons}</span>
    </span>
  )
}
