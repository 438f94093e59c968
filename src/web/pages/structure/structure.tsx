import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { Plus } from 'lucide-react'
import { useState } from 'react'
import { readStructure } from '../../../contract/structure.ts'
import { toApiProblem } from '../../api/problem.ts'
import { queryOf } from '../../api/query.ts'
import { Button } from '../../components/button.tsx'
import { ErrorState } from '../../components/error-state.tsx'
import { Page } from '../../components/page.tsx'
import { TableSkeleton } from '../../components/skeleton.tsx'
import { Tabs } from '../../components/tabs.tsx'
import { useText } from '../../messages/text.tsx'
import { useMay } from '../../support/me.ts'
import { formatCount } from '../../support/numbers.ts'
import { Attributes } from './attributes.tsx'
import { Categories } from './categories.tsx'
import { Channels } from './channels.tsx'
import { Families } from './families.tsx'
import { Groups } from './groups.tsx'
import { Standings } from './standings.tsx'
import { type StructureSearch, type Tab, TABS } from './search.ts'

/** Work, Structure: what the products of this catalogue are made of. */
export function StructurePage() {
  const { t, language } = useText()
  const search = useSearch({ from: '/shell/structure' })
  const navigate = useNavigate({ from: '/structure' })
  const mayWrite = useMay('catalogue.write')
  const [adding, setAdding] = useState(false)
  const { data, error, refetch } = useQuery(queryOf(readStructure))
  const tab = search.tab ?? 'attributes'
  const change = (next: StructureSearch) => void navigate({ search: next, replace: true })
  const props = { search, adding, onAdded: () => setAdding(false), onChange: change }
  const contents = {
    attributes: data && <Attributes {...props} total={data.attributes} />,
    families: <Families {...props} />,
    categories: <Categories {...props} />,
    channels: <Channels {...props} />,
    groups: <Groups {...props} />,
    completeness: <Standings />,
  } satisfies Record<Tab, unknown>
  return (
    <Page
      title={t('structure.title')}
      sentence={t('structure.sentence')}
      action={
        mayWrite && tab !== 'completeness' ? (
          <Button kind="main" icon={<Plus aria-hidden className="size-4" />} onClick={() => setAdding(true)}>
            {t(`structure.add.${tab}`)}
          </Button>
        ) : undefined
      }
    >
      {error ? (
        <ErrorState problem={toApiProblem(error)} onRetry={() => void refetch()} />
      ) : !data ? (
        <TableSkeleton columns={5} />
      ) : (
        <Tabs
          label={t('structure.title')}
          value={tab}
          onChange={(next) => {
            setAdding(false)
            change(next === 'attributes' ? {} : { tab: next })
          }}
          tabs={TABS.map((value) => ({
            value,
            label: (
              <>
                {t(`structure.tabs.${value}`)}
                {value !== 'completeness' && (
                  <span className="tabular ms-1 text-table text-ink-2">{formatCount(data[value], language)}</span>
                )}
              </>
            ),
            content: tab === value && contents[value],
          }))}
        />
      )}
    </Page>
  )
}
