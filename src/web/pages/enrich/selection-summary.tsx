import { Link } from '@tanstack/react-router'
import type { ProductSelection } from '../../../contract/catalogue.ts'
import { useText } from '../../messages/text.tsx'

/** Which products: how many, how they were chosen, and the way back to choose others. */
export function SelectionSummary({ selection, count, onAll }: { selection: ProductSelection; count: number; onAll: () => void }) {
  const { t } = useText()
  const isAll = 'filter' in selection && Object.keys(selection.filter).length === 0 && (selection.except ?? []).length === 0
  return (
    <span className="flex flex-wrap gap-x-3 gap-y-1">
      <span>{t(isAll ? 'enrich.allProducts' : 'enrich.chosenProducts', { count })}</span>
      <Link to="/catalogue" className="link">
        {t('enrich.chooseOthers')}
      </Link>
      {!isAll && (
        <button type="button" className="link" onClick={onAll}>
          {t('enrich.chooseAll')}
        </button>
      )}
    </span>
  )
}
