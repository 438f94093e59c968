import { useState } from 'react'
import { changeWorkspace, readMe } from '../../../contract/people.ts'
import { callApi } from '../../api/call.ts'
import { invalidate } from '../../api/query.ts'
import { Note } from '../../components/badge.tsx'
import { TextInput } from '../../components/field.tsx'
import { Card, Page } from '../../components/page.tsx'
import { Combobox } from '../../components/select.tsx'
import { say } from '../../components/toast.tsx'
import { useText } from '../../messages/text.tsx'
import { useMay, useMe } from '../../support/me.ts'
import { PersonForm, useForm } from './person-form.tsx'

const ZONES = ['UTC', ...Intl.supportedValuesOf('timeZone').filter((zone) => zone !== 'UTC')].map((zone) => ({
  value: zone,
  label: zone.replaceAll('_', ' '),
}))

/** Workspace, Settings: its name, the zone its days are counted in, when keys are old. */
export function SettingsPage() {
  const { t } = useText()
  const { workspace } = useMe()
  const mayWrite = useMay('workspace.write')
  const [name, setName] = useState(workspace.name)
  const [timeZone, setTimeZone] = useState<string | null>(workspace.timeZone)
  const [days, setDays] = useState(String(workspace.keyReminderDays))
  const form = useForm(async () => {
    const body = { name, keyReminderDays: Number(days), ...(timeZone ? { timeZone } : {}) }
    await callApi(changeWorkspace, { body })
    await invalidate(readMe)
    say(t('common.saved'))
  })
  return (
    <Page title={t('people.settings.title')} sentence={t('people.settings.sentence', { workspace: workspace.name })}>
      <div className="flex max-w-xl flex-col gap-4">
        {!mayWrite && <Note meaning="information">{t('people.settings.readOnly')}</Note>}
        <Card>
          <PersonForm form={form} action={t('people.settings.save')} wide>
            <fieldset disabled={!mayWrite} className="flex flex-col gap-4">
              <legend className="sr-only">{t('people.settings.title')}</legend>
              <TextInput
                label={t('people.workspaceName')}
                required
                maxLength={100}
                disabled={!mayWrite}
                value={name}
                onValueChange={setName}
                error={form.problem?.issue('name')}
              />
              <Combobox
                label={t('people.settings.timeZone')}
                help={t('people.settings.timeZoneHelp')}
                value={timeZone}
                onChange={setTimeZone}
                options={ZONES}
                disabled={!mayWrite}
                error={form.problem?.issue('timeZone')}
              />
              <TextInput
                label={t('people.settings.keyReminder')}
                help={t('people.settings.keyReminderHelp')}
                type="number"
                min={7}
                max={3650}
                required
                disabled={!mayWrite}
                end={t('people.settings.daysUnit')}
                value={days}
                onValueChange={setDays}
                error={form.problem?.issue('keyReminderDays')}
              />
              <TextInput
                label={t('people.settings.currency')}
                help={t('people.settings.currencyHelp')}
                readOnly
                value={workspace.currency}
              />
            </fieldset>
          </PersonForm>
        </Card>
      </div>
    </Page>
  )
}
