import { Field as BaseField } from '@base-ui/react/field'
import { CircleAlert, Eye, EyeOff } from 'lucide-react'
import { useState, type ComponentProps, type ReactNode } from 'react'
import { cx } from '../support/cx.ts'
import { useText } from '../messages/text.tsx'
import { IconButton } from './button.tsx'

export interface FieldProps {
  label: string
  /** One sentence under the label's control. */
  help?: ReactNode
  /** What is wrong, in words; usually `problem.issue('name')`. */
  error?: string | undefined
  /** The label is only read aloud: a search box, a cell. */
  hideLabel?: boolean
  optional?: boolean
  children: ReactNode
}

/** Label, control, help and error, tied together for every reader. Put one control inside. */
export function Field({ label, help, error, hideLabel = false, optional = false, children }: FieldProps) {
  const { t } = useText()
  return (
    <BaseField.Root invalid={error !== undefined} className="flex min-w-0 flex-col gap-1">
      <BaseField.Label className={cx('text-body font-medium', hideLabel && 'sr-only')}>
        {label}
        {optional && <span className="ms-1.5 font-normal text-ink-3">{t('common.optional')}</span>}
      </BaseField.Label>
      {children}
      {help !== undefined && <BaseField.Description className="text-table text-ink-2">{help}</BaseField.Description>}
      {error !== undefined && (
        <BaseField.Error match className="flex items-start gap-1.5 text-table text-failing">
          <CircleAlert aria-hidden className="mt-px size-4 shrink-0" />
          <span>{error}</span>
        </BaseField.Error>
      )}
    </BaseField.Root>
  )
}

type ControlProps = Omit<ComponentProps<typeof BaseField.Control>, 'className' | 'style' | 'render'>

export interface TextInputProps extends ControlProps, Omit<FieldProps, 'children'> {
  mono?: boolean
  /** Stands inside the field, at its end: a unit, a button. */
  end?: ReactNode
}

export function TextInput({ label, help, error, hideLabel, optional, mono = false, end, ...control }: TextInputProps) {
  const field = { label, help, error, ...(hideLabel ? { hideLabel } : {}), ...(optional ? { optional } : {}) }
  return (
    <Field {...field}>
      <span dir={control.dir} className="relative flex items-center">
        <BaseField.Control {...control} className={cx('control', mono && 'font-mono', end !== undefined && 'pe-11')} />
        {end !== undefined && <span className="absolute inset-e-1.5 flex items-center text-table text-ink-2">{end}</span>}
      </span>
    </Field>
  )
}

/** A secret as it is typed: hidden, and shown while the person asks for it. */
export function SecretInput(props: Omit<TextInputProps, 'type' | 'end'>) {
  const { t } = useText()
  const [shown, setShown] = useState(false)
  return (
    <TextInput
      spellCheck={false}
      {...props}
      type={shown ? 'text' : 'password'}
      end={
        <IconButton
          small
          label={shown ? t('common.hideSecret') : t('common.showSecret')}
          aria-pressed={shown}
          icon={shown ? <EyeOff aria-hidden className="size-4" /> : <Eye aria-hidden className="size-4" />}
          onClick={() => setShown(!shown)}
        />
      }
    />
  )
}

export interface TextareaProps extends Omit<ControlProps, 'type'>, Omit<FieldProps, 'children'> {
  rows?: number
  mono?: boolean
}

/** Several lines; grows with its text where the browser can. */
export function Textarea({ label, help, error, hideLabel, optional, rows = 3, mono = false, ...control }: TextareaProps) {
  const field = { label, help, error, ...(hideLabel ? { hideLabel } : {}), ...(optional ? { optional } : {}) }
  return (
    <Field {...field}>
      <BaseField.Control
        {...control}
        render={<textarea rows={rows} />}
        className={cx('control field-sizing-content max-h-96 py-1.5', mono && 'font-mono text-table')}
      />
    </Field>
  )
}
