import { useInfiniteQuery, useMutation } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { BookOpenText, Copy, MoreHorizontal, Plus, Trash2 } from 'lucide-react'
import { useState } from 'react'
import type { RouteAnswer } from '../../../contract/route.ts'
import { deleteRecipe, duplicateRecipe, listRecipes } from '../../../contract/recipes.ts'
import { callApi } from '../../api/call.ts'
import { toApiProblem } from '../../api/problem.ts'
import { invalidates, listOf } from '../../api/query.ts'
import { buttonClass, IconButton } from '../../components/button.tsx'
import { ConfirmDialog } from '../../components/dialog.tsx'
import { ErrorState } from '../../components/error-state.tsx'
import { RelativeTime } from '../../components/figures.tsx'
import { Menu, MenuItem } from '../../components/menu.tsx'
import { EmptyState, Page } from '../../components/page.tsx'
import { TableSkeleton } from '../../components/skeleton.tsx'
import { Table } from '../../components/table.tsx'
import { say, sayProblem } from '../../components/toast.tsx'
import { useText } from '../../messages/text.tsx'
import { useMay } from '../../support/me.ts'

type Summary = RouteAnswer<typeof listRecipes>['items'][number]

/** Work, Recipes: what the workspace writes about its products, kept under names. */
export function RecipesPage() {
  const { t } = useText()
  const mayWrite = useMay('recipes.write')
  const mayRun = useMay('runs.write')
  const list = useInfiniteQuery(listOf(listRecipes, { query: {} }))
  const [removing, setRemoving] = useState<Summary>()
  const action = mayRun && (
    <Link to="/enrich" className={buttonClass({ kind: 'main' })}>
      <Plus aria-hidden className="size-4" />
      {t('enrich.writeRecipe')}
    </Link>
  )
  const duplicate = useMutation({
    mutationFn: ({ id, name }: Summary) =>
      callApi(duplicateRecipe, { params: { recipeId: id }, body: { name: t('enrich.copyOf', { name }) } }),
    onSuccess: invalidates(listRecipes),
    onError: (error) => sayProblem(error, t),
  })
  const rows = list.data?.items ?? []
  return (
    <Page title={t('shell.places.recipes')} sentence={t('enrich.recipesSentence')} action={(rows.length > 0 && action) || undefined}>
      {list.error ? (
        <ErrorState problem={toApiProblem(list.error)} onRetry={() => void list.refetch()} />
      ) : !list.data ? (
        <TableSkeleton columns={4} />
      ) : rows.length === 0 ? (
        <EmptyState icon={<BookOpenText aria-hidden className="size-8" />} title={t('enrich.noRecipes')} action={action || undefined}>
          <p>{t('enrich.noRecipesWhat')}</p>
        </EmptyState>
      ) : (
        <Table
          label={t('shell.places.recipes')}
          name="recipes"
          rows={rows}
          rowId={({ id }) => id}
          hasMore={list.hasNextPage}
          loadingMore={list.isFetchingNextPage}
          onMore={() => void list.fetchNextPage()}
          columns={[
            {
              id: 'name',
              header: t('enrich.recipe'),
              fixed: true,
              card: 'title',
              cell: ({ id, name }) => (
                <Link to={`/enrich?recipe=${id}` as '/'} className="link font-medium">
                  <bdi>{name}</bdi>
                </Link>
              ),
            },
            { id: 'fields', header: t('enrich.fields'), cell: ({ fields }) => <bdi>{fields.join(', ')}</bdi> },
            {
              id: 'language',
              header: t('enrich.language'),
              width: '7rem',
              cell: ({ locale }) => <span className="font-mono text-small">{locale}</span>,
            },
            { id: 'used', header: t('enrich.lastUsed'), width: '9rem', cell: ({ lastUsedAt }) => <RelativeTime at={lastUsedAt} /> },
            { id: 'changed', header: t('enrich.lastChanged'), width: '9rem', cell: ({ updatedAt }) => <RelativeTime at={updatedAt} /> },
            ...(mayWrite
              ? [
                  {
                    id: 'more',
                    header: t('enrich.more'),
                    fixed: true,
                    width: '5rem',
                    align: 'end' as const,
                    cell: (recipe: Summary) => (
                      <Menu
                        trigger={
                          <IconButton
                            small
                            label={t('enrich.moreAbout', { name: recipe.name })}
                            icon={<MoreHorizontal aria-hidden className="size-4" />}
                          />
                        }
                      >
                        <MenuItem icon={<Copy aria-hidden className="size-4" />} onSelect={() => duplicate.mutate(recipe)}>
                          {t('enrich.duplicate')}
                        </MenuItem>
                        <MenuItem dangerous icon={<Trash2 aria-hidden className="size-4" />} onSelect={() => setRemoving(recipe)}>
                          {t('enrich.delete')}
                        </MenuItem>
                      </Menu>
                    ),
                  },
                ]
              : []),
          ]}
        />
      )}
      {removing && (
        <ConfirmDialog
          open
          onClose={() => setRemoving(undefined)}
          title={t('enrich.deleteTitle', { name: removing.name })}
          action={t('enrich.delete')}
          onConfirm={async () => {
            await callApi(deleteRecipe, { params: { recipeId: removing.id } })
            await invalidates(listRecipes)()
            say(t('enrich.deleted', { name: removing.name }))
          }}
        >
          <p>{t('enrich.deleteWhat')}</p>
        </ConfirmDialog>
      )}
    </Page>
  )
}
