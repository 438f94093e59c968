import { TextInput } from '../../components/field.tsx'
import { useText } from '../../messages/text.tsx'
import { useMoneyText } from '../../support/money-text.ts'

const IS_PRICE = /^\d{1,9}(\.\d{1,9})?$/
const EXAMPLE_SECONDS = 90n
const HOUR_SECONDS = 3_600n
const DECIMALS = 9

/** What an hour of the machine costs, with what that comes to for a call, worked out. */
export function HourlyPrice({ value, currency, onChange }: { value: string; currency: string; onChange: (value: string) => void }) {
  const { t } = useText()
  const { money } = useMoneyText()
  const hour = value.trim()
  const isWorked = IS_PRICE.test(hour) && /^[A-Z]{3}$/.test(currency) && Number(hour) > 0
  return (
    <div className="flex flex-col gap-1.5 border-t border-line pt-3">
      <div className="w-56">
        <TextInput
          label={t('local.hourly.label')}
          optional
          inputMode="decimal"
          dir="ltr"
          pattern="\d{1,9}(\.\d{1,9})?"
          placeholder="0.45"
          value={value}
          onValueChange={onChange}
        />
      </div>
      <p className="text-table text-ink-2">{t('local.hourly.what')}</p>
      {isWorked && (
        <p className="text-table">
          {t('local.hourly.example', {
            hour: money({ amount: hour, currency }),
            seconds: Number(EXAMPLE_SECONDS),
            cost: money({ amount: partOfHour(hour), currency }),
          })}
        </p>
      )}
    </div>
  )
}

/** A plain decimal, exact to its ninth place, rounded half up. */
function partOfHour(amount: string): string {
  const [whole = '0', fraction = ''] = amount.split('.')
  const nano = BigInt(whole + fraction.padEnd(DECIMALS, '0')) * EXAMPLE_SECONDS
  const digits = ((2n * nano + HOUR_SECONDS) / (2n * HOUR_SECONDS)).toString().padStart(DECIMALS + 1, '0')
  return `${digits.slice(0, -DECIMALS)}.${digits.slice(-DECIMALS)}`
}
