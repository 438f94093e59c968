import type { ProviderView } from '../../../contract/providers.ts'
import type { ApiProblem } from '../../api/problem.ts'
import { TextInput, Textarea } from '../../components/field.tsx'
import { Select } from '../../components/select.tsx'
import { useText } from '../../messages/text.tsx'
import { OTHER_ADDRESS, type DestinationDraft } from './connection-draft.ts'

export interface DestinationFieldsProps {
  provider: ProviderView
  draft: DestinationDraft
  onChange: (draft: DestinationDraft) => void
  problem: ApiProblem | undefined
}

type Field = ProviderView['fields'][number]

/** What most connections of this provider need; versions and what only headers carry do not. */
const isShownAtOnce = ({ name, example }: Field): boolean => example !== null && name !== 'apiVersion'

/** Where requests go. A server without an address of its own shows its field at once; the rest is for who asks for it. */
export function DestinationFields({ provider, draft, onChange, problem }: DestinationFieldsProps) {
  const { t } = useText()
  const set = (change: Partial<DestinationDraft>) => onChange({ ...draft, ...change })
  const address = (
    <TextInput
      label={t('providers.destination.baseUrl')}
      help={t('providers.destination.baseUrlHelp')}
      mono
      dir="ltr"
      required
      inputMode="url"
      placeholder={provider.baseUrlExample ?? undefined}
      value={draft.baseUrl}
      onValueChange={(baseUrl) => set({ baseUrl })}
      error={problem?.issue('destination.baseUrl')}
    />
  )
  const field = ({ name, example }: Field) => (
    <TextInput
      key={name}
      label={t(`providers.destination.${name}`)}
      help={name !== 'organization' && example !== null ? t(`providers.destination.${name}Help`) : undefined}
      optional
      mono
      dir="ltr"
      autoComplete="off"
      placeholder={example ?? undefined}
      value={draft[name]}
      onValueChange={(value) => set({ [name]: value })}
      error={problem?.issue(`destination.${name}`)}
    />
  )
  if (provider.practice) return null
  return (
    <>
      {provider.baseUrl === null && address}
      {provider.fields.filter(isShownAtOnce).map(field)}
      <details className="group rounded-md border border-line px-3 py-2">
        <summary className="cursor-pointer font-medium coarse:min-h-11">{t('providers.destination.more')}</summary>
        <div className="mt-3 flex flex-col gap-4 pb-1">
          {provider.baseUrl !== null && (
            <>
              <Select
                label={t('providers.destination.address')}
                help={t('providers.destination.addressHelp', { provider: provider.name })}
                value={draft.address || provider.baseUrl}
                onChange={(chosen) => set({ address: chosen === provider.baseUrl ? '' : chosen })}
                options={[
                  { value: provider.baseUrl, label: provider.baseUrl },
                  ...provider.regions.map(({ baseUrl, region }) => ({ value: baseUrl, label: baseUrl, note: region.toUpperCase() })),
                  { value: OTHER_ADDRESS, label: t('providers.destination.other') },
                ]}
              />
              {draft.address === OTHER_ADDRESS && address}
            </>
          )}
          {provider.fields.filter((one) => !isShownAtOnce(one)).map(field)}
          <Textarea
            label={t('providers.destination.headers')}
            help={t('providers.destination.headersHelp')}
            optional
            mono
            dir="ltr"
            rows={2}
            value={draft.headers}
            onValueChange={(headers) => set({ headers })}
          />
        </div>
      </details>
    </>
  )
}
