import { Link } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import type { ProposalView } from '../../../contract/review.ts'
import { Badge, Note } from '../../components/badge.tsx'
import { Button } from '../../components/button.tsx'
import { Diff } from '../../components/diff.tsx'
import { TextInput } from '../../components/field.tsx'
import { Money } from '../../components/figures.tsx'
import { KeyHint } from '../../components/key-hint.tsx'
import { useText } from '../../messages/text.tsx'
import { flagText } from './flag-text.ts'
import { ValueMark, whyUnknown } from './provenance-facts.tsx'
import type { Decided, Say } from './use-decisions.ts'
import { type Draft, ValueEditor } from './value-editor.tsx'
import { valueText, type Given } from './value-text.ts'

/** What a product says now; a variant that says nothing itself, what it has from its parent. */
const valueBefore = ({ current, inherited }: ProposalView): string => valueText(inherited ? inherited.value : current.value)

/** The difference between what a product says and what is proposed, word by word, with the words in question marked. */
export function ProposalDiff({ proposal, sideBySide = false }: { proposal: ProposalView; sideBySide?: boolean }) {
  const { t } = useText()
  const { inherited, proposed, flags, locale } = proposal
  const before = valueBefore(proposal)
  const isSame = proposed !== null && valueText(proposed) === before
  const marks = useMemo(() => flags.map(({ reason, text }) => ({ text, why: flagText(reason, t) })), [flags, t])
  return (
    <>
      {inherited && (
        <p className="mb-2 text-table text-ink-2">
          <Link to="/catalogue/$productId" params={{ productId: inherited.from.id }} className="link">
            {t('review.inheritedFrom', { identifier: inherited.from.identifier })}
          </Link>
        </p>
      )}
      {proposed === null ? (
        <div className="flex flex-col gap-2">
          <Note meaning="information">{t('review.proposesNothing')}</Note>
          <Diff before={before} after="" sideBySide={sideBySide} {...(locale ? { locale } : {})} />
        </div>
      ) : (
        <Diff before={before} after={valueText(proposed)} marks={marks} sideBySide={sideBySide} {...(locale ? { locale } : {})} />
      )}
      {isSame && <p className="mt-2 text-table text-ink-2">{t('review.sameText')}</p>}
      {flags.length > 0 && (
        <ul className="mt-3 flex flex-col gap-1.5" aria-label={t('review.flagged')}>
          {flags.map(({ reason, text }) => (
            <li key={`${reason} ${text}`} className="flex flex-wrap items-baseline gap-x-2 gap-y-1">
              <Badge meaning="attention">
                <bdi lang={locale ?? undefined}>{text}</bdi>
              </Badge>
              <span className="text-ink-2">{flagText(reason, t)}</span>
            </li>
          ))}
        </ul>
      )}
    </>
  )
}

export interface ProposalDetailProps {
  proposal: ProposalView
  decided: Decided | undefined
  editing: boolean
  draft: Draft
  onEdit: (editing: boolean) => void
  onSay: ((said: Say) => void) | undefined // undefined: the person may only look
  onUndo: () => void
}

/** One proposal: what stands now, what is proposed, why it needs an eye, where it came from and what it cost. */
export function ProposalDetail({ proposal, decided, editing, draft, onEdit, onSay, onUndo }: ProposalDetailProps) {
  const { t } = useText()
  const { product, attribute, locale, channel, current, inherited, proposed, provenance } = proposal
  const name = product.name ?? product.identifier
  return (
    <article aria-label={t('review.proposalFor', { attribute, product: name })} className="flex min-w-0 flex-col gap-4">
      <header className="flex items-start gap-3">
        {product.picture?.host === null && (
          <img src={product.picture.url} alt="" className="size-14 shrink-0 rounded-md border border-line bg-surface object-contain" />
        )}
        <div className="min-w-0">
          <h2 className="flex flex-wrap items-baseline gap-x-2 text-section font-semibold">
            <bdi className="min-w-0 break-words">{attribute}</bdi>
            {locale && <bdi className="font-normal text-ink-2">{locale}</bdi>}
            {channel && <bdi className="font-normal text-ink-2">{channel}</bdi>}
          </h2>
          <p className="flex flex-wrap gap-x-2 text-ink-2">
            <Link to="/catalogue/$productId" params={{ productId: product.id }} className="link min-w-0 break-words">
              {name}
            </Link>
            {product.name !== null && <span className="font-mono text-table">{product.identifier}</span>}
          </p>
        </div>
      </header>
      {current.kind === 'person' && !decided && (
        <Note meaning="attention">{t(provenance.kind === 'imported' ? 'review.overPersonImported' : 'review.overPerson')}</Note>
      )}
      <div>
        <ProposalDiff proposal={proposal} sideBySide />
      </div>
      {editing && (
        <ValueEditor
          label={t('review.editing', { attribute })}
          value={proposed ?? inherited?.value ?? current.value}
          draft={draft}
          locale={locale}
          action={t('review.acceptEdited')}
          onSave={(value: Given) => onSay?.({ decision: 'edit', value })}
          onCancel={() => onEdit(false)}
        />
      )}
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1 text-table text-ink-2">
        <ValueMark provenance={provenance} wordy />
        {provenance.model !== null && <span className="font-mono">{provenance.model}</span>}
        {provenance.callId !== null && <Money of={provenance.call?.share ?? null} why={t(whyUnknown(provenance.call))} />}
      </div>
      {decided ? (
        <DecidedNote decided={decided} onUndo={onUndo} />
      ) : (
        onSay && !editing && <Actions onSay={onSay} onEdit={() => onEdit(true)} />
      )}
    </article>
  )
}

function Actions({ onSay, onEdit }: { onSay: (said: Say) => void; onEdit: () => void }) {
  const { t } = useText()
  const [asks, setAsks] = useState(false)
  if (asks) return <RejectFor onSay={onSay} onCancel={() => setAsks(false)} />
  return (
    <div className="flex flex-wrap gap-2 max-lg:fixed max-lg:inset-x-0 max-lg:bottom-0 max-lg:z-20 max-lg:border-t max-lg:border-line max-lg:bg-surface max-lg:px-4 max-lg:py-2">
      <Button kind="main" onClick={() => onSay({ decision: 'accept' })}>
        {t('review.accept')} <KeyHint keys="a" />
      </Button>
      <Button onClick={() => onSay({ decision: 'reject' })}>
        {t('review.reject')} <KeyHint keys="r" />
      </Button>
      <Button onClick={onEdit}>
        {t('review.edit')} <KeyHint keys="e" />
      </Button>
      <Button kind="quiet" onClick={() => setAsks(true)}>
        {t('groups.rejectFor')}
      </Button>
    </div>
  )
}

/** Why it is rejected: kept with the source, and told to models that write for it. */
function RejectFor({ onSay, onCancel }: { onSay: (said: Say) => void; onCancel: () => void }) {
  const { t } = useText()
  const [reason, setReason] = useState('')
  const send = () => onSay({ decision: 'reject', ...(reason.trim() === '' ? {} : { reason: reason.trim() }) })
  return (
    <form
      className="flex flex-col gap-2"
      onSubmit={(event) => {
        event.preventDefault()
        send()
      }}
    >
      <TextInput
        label={t('groups.reason')}
        help={t('groups.reasonHelp')}
        value={reason}
        maxLength={500}
        autoFocus
        onValueChange={setReason}
      />
      <span className="flex gap-2">
        <Button kind="main" type="submit">
          {t('review.reject')}
        </Button>
        <Button onClick={onCancel}>{t('common.cancel')}</Button>
      </span>
    </form>
  )
}

function DecidedNote({ decided: { result, by }, onUndo }: { decided: Decided; onUndo: () => void }) {
  const { t } = useText()
  if (result === 'asked') return <p className="text-ink-2">{t('review.results.asked')}</p>
  if (result === 'already_decided')
    return (
      <Note meaning="information">{by === null ? t('review.results.already_decided') : t('review.results.decidedBy', { name: by })}</Note>
    )
  if (result === 'changed') return <Note meaning="attention">{t('review.results.changed')}</Note>
  return (
    <Note meaning={result === 'rejected' ? 'information' : 'good'}>
      <span className="flex flex-wrap items-center gap-3">
        {t(`review.results.${result}`)}
        <Button small onClick={onUndo}>
          {t('common.undo')} <KeyHint keys="z" />
        </Button>
      </span>
    </Note>
  )
}
