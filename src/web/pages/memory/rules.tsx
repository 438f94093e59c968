import { useQuery } from '@tanstack/react-query'
import { Check, Pencil, Plus, Trash2, X } from 'lucide-react'
import { useState } from 'react'
import { addRule, changeRule, listRules } from '../../../contract/memory.ts'
import type { RouteAnswer, RouteArguments } from '../../../contract/route.ts'
import { callApi } from '../../api/call.ts'
import { toApiProblem } from '../../api/problem.ts'
import { invalidate, queryOf } from '../../api/query.ts'
import { Badge } from '../../components/badge.tsx'
import { Button, IconButton } from '../../components/button.tsx'
import { Checkbox } from '../../components/choice.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { ErrorNote } from '../../components/error-state.tsx'
import { TextInput } from '../../components/field.tsx'
import { Section } from '../../components/page.tsx'
import { Select } from '../../components/select.tsx'
import { FieldsSkeleton } from '../../components/skeleton.tsx'
import { say, sayProblem } from '../../components/toast.tsx'
import { Text, useText, type Translate } from '../../messages/text.tsx'
import { useMay } from '../../support/me.ts'

type Listed = RouteAnswer<typeof listRules>
type Rule = Listed['rules'][number]
type Suggestion = Listed['suggestions'][number]
type RuleBody = RouteArguments<typeof addRule>['body']

/** Which rule the form is about: one that is there, one that was suggested, or a new one. */
interface Asked {
  readonly ruleId: string | null
  readonly start: RuleBody
}

const NEW: RuleBody = { attribute: null, locale: null, term: '', use: null }

/** Words that are written for others in what is written for this source; accepted ones join the glossary of every recipe. */
export function Rules({ sourceId, attributes }: { sourceId: string; attributes: readonly string[] }) {
  const { t } = useText()
  const mayWrite = useMay('catalogue.write')
  const { data, error } = useQuery(queryOf(listRules, { params: { sourceId } }))
  const [asked, setAsked] = useState<Asked>()
  const change = async (rule: Rule, body: RouteArguments<typeof changeRule>['body']): Promise<void> => {
    try {
      await callApi(changeRule, { params: { sourceId, ruleId: rule.id }, body })
      await invalidate(listRules)
      if (body.deleted) say(t('memory.rules.deleted', { term: rule.term }), { undo: () => change(rule, { deleted: false }) })
    } catch (problem) {
      sayProblem(problem, t)
    }
  }
  const add = async (suggestion: Suggestion, state: 'on' | 'dismissed'): Promise<void> => {
    const { support: _, ...body } = suggestion
    try {
      const rule = await callApi(addRule, { params: { sourceId }, body: { ...body, state } })
      await invalidate(listRules)
      say(t(`memory.rules.said.${state}`, { term: rule.term }), { undo: () => change(rule, { deleted: true }) })
    } catch (problem) {
      sayProblem(problem, t)
    }
  }
  return (
    <Section
      title={t('memory.rules.title')}
      sentence={t('memory.rules.what')}
      action={
        mayWrite && (
          <Button icon={<Plus aria-hidden className="size-4" />} onClick={() => setAsked({ ruleId: null, start: NEW })}>
            {t('memory.rules.add')}
          </Button>
        )
      }
    >
      {error ? (
        <ErrorNote problem={toApiProblem(error)} />
      ) : !data ? (
        <FieldsSkeleton fields={2} />
      ) : (
        <>
          {data.suggestions.length > 0 && (
            <ul aria-label={t('memory.rules.suggested')} className="mb-4 flex flex-col gap-2">
              {data.suggestions.map((suggestion) => (
                <li
                  key={`${suggestion.attribute} ${suggestion.locale} ${suggestion.term} ${suggestion.use}`}
                  className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 rounded-md border border-line bg-sunken px-3 py-2"
                >
                  <span className="flex min-w-0 flex-wrap items-center gap-x-2 gap-y-1">
                    <Badge meaning="information">{t('memory.rules.suggestion')}</Badge>
                    <Said rule={suggestion} />
                    <span className="text-table text-ink-2">{t('memory.rules.support', { count: suggestion.support })}</span>
                  </span>
                  {mayWrite && (
                    <span className="flex flex-wrap gap-2">
                      <Button small kind="main" icon={<Check aria-hidden className="size-4" />} onClick={() => void add(suggestion, 'on')}>
                        {t('memory.rules.accept')}
                      </Button>
                      <Button
                        small
                        onClick={() => {
                          const { support: _, ...start } = suggestion
                          setAsked({ ruleId: null, start })
                        }}
                      >
                        {t('memory.rules.change')}
                      </Button>
                      <Button
                        small
                        kind="quiet"
                        icon={<X aria-hidden className="size-4" />}
                        onClick={() => void add(suggestion, 'dismissed')}
                      >
                        {t('memory.rules.dismiss')}
                      </Button>
                    </span>
                  )}
                </li>
              ))}
            </ul>
          )}
          {data.rules.length === 0 ? (
            <p className="text-ink-2">{t('memory.rules.none')}</p>
          ) : (
            <ul aria-label={t('memory.rules.title')} className="divide-y divide-line rounded-md border border-line bg-surface">
              {data.rules.map((rule) => (
                <li key={rule.id} className="flex flex-wrap items-center gap-x-3 gap-y-1 px-3 py-2">
                  <Checkbox
                    hideLabel
                    label={t('memory.on', { what: rule.term })}
                    checked={rule.on}
                    disabled={!mayWrite}
                    onChange={(on) => void change(rule, { on })}
                  />
                  <span className={`min-w-0 flex-1 ${rule.on ? '' : 'text-ink-2'}`}>
                    <Said rule={rule} />
                  </span>
                  <span className="text-table text-ink-2">{originOf(rule, t)}</span>
                  {mayWrite && (
                    <span className="flex">
                      <IconButton
                        small
                        label={t('memory.rules.edit', { term: rule.term })}
                        icon={<Pencil aria-hidden className="size-3.5" />}
                        onClick={() => {
                          const { attribute, locale, term, use } = rule
                          setAsked({ ruleId: rule.id, start: { attribute, locale, term, use } })
                        }}
                      />
                      <IconButton
                        small
                        label={t('memory.rules.delete', { term: rule.term })}
                        icon={<Trash2 aria-hidden className="size-3.5" />}
                        onClick={() => void change(rule, { deleted: true })}
                      />
                    </span>
                  )}
                </li>
              ))}
            </ul>
          )}
        </>
      )}
      {asked && <RuleForm sourceId={sourceId} attributes={attributes} asked={asked} onClose={() => setAsked(undefined)} />}
    </Section>
  )
}

const originOf = ({ support, by }: Rule, t: Translate): string =>
  [...(support > 0 ? [t('memory.rules.support', { count: support })] : []), ...(by === null ? [] : [by])].join(' · ')

/** "Write “stainless steel” for “inox” · title · en". */
function Said({ rule: { term, use, attribute, locale } }: { rule: Omit<RuleBody, 'state'> }) {
  const { t } = useText()
  return (
    <span className="inline-flex flex-wrap items-baseline gap-x-2">
      <span>
        {use === null ? (
          <Text of="memory.rules.never" values={{ term }} parts={{ b: <bdi className="font-medium" /> }} />
        ) : (
          <Text of="memory.rules.write" values={{ term, use }} parts={{ b: <bdi className="font-medium" /> }} />
        )}
      </span>
      <span className="text-table text-ink-2">
        {attribute === null ? t('memory.everyAttribute') : <bdi>{attribute}</bdi>}
        {locale !== null && <> · {locale}</>}
      </span>
    </span>
  )
}

const EVERY = ''

function RuleForm({
  sourceId,
  attributes,
  asked: { ruleId, start },
  onClose,
}: {
  sourceId: string
  attributes: readonly string[]
  asked: Asked
  onClose: () => void
}) {
  const { t } = useText()
  const [rule, setRule] = useState(start)
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<unknown>()
  const known = [...new Set([...(rule.attribute ? [rule.attribute] : []), ...attributes])]
  const save = async (): Promise<void> => {
    setBusy(true)
    setProblem(undefined)
    const body = { ...rule, term: rule.term.trim(), use: rule.use?.trim() ? rule.use.trim() : null }
    try {
      if (ruleId === null) await callApi(addRule, { params: { sourceId }, body })
      else await callApi(changeRule, { params: { sourceId, ruleId }, body })
      await invalidate(listRules)
      onClose()
    } catch (error) {
      setProblem(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Dialog
      open
      onClose={onClose}
      title={t(ruleId === null ? 'memory.rules.add' : 'memory.rules.editTitle')}
      description={t('memory.rules.what')}
      actions={
        <Button kind="main" busy={busy} disabled={rule.term.trim() === ''} onClick={() => void save()}>
          {t('common.save')}
        </Button>
      }
    >
      <div className="flex flex-col gap-4">
        <TextInput label={t('memory.rules.term')} value={rule.term} maxLength={200} onValueChange={(term) => setRule({ ...rule, term })} />
        <TextInput
          label={t('memory.rules.use')}
          help={t('memory.rules.useHelp')}
          optional
          value={rule.use ?? ''}
          maxLength={200}
          onValueChange={(use) => setRule({ ...rule, use: use === '' ? null : use })}
        />
        <Select
          label={t('memory.attribute')}
          value={rule.attribute ?? EVERY}
          options={[{ value: EVERY, label: t('memory.everyAttribute') }, ...known.map((value) => ({ value, label: value }))]}
          onChange={(attribute) => setRule({ ...rule, attribute: attribute === EVERY ? null : attribute })}
        />
        <TextInput
          label={t('memory.rules.locale')}
          help={t('memory.rules.localeHelp')}
          optional
          value={rule.locale ?? ''}
          maxLength={35}
          onValueChange={(locale) => setRule({ ...rule, locale: locale.trim() === '' ? null : locale.trim() })}
        />
        {problem !== undefined && <ErrorNote problem={toApiProblem(problem)} />}
      </div>
    </Dialog>
  )
}
