import { Download } from 'lucide-react'
import { useState } from 'react'
import type { SourceView } from '../../../contract/catalogue.ts'
import { Button } from '../../components/button.tsx'
import { Menu, MenuItem } from '../../components/menu.tsx'
import { useText } from '../../messages/text.tsx'
import { ExportDialog } from './export-dialog.tsx'

/** Leads to the export of a file; of several, the one that is chosen. */
export function ExportButton({ sources }: { sources: readonly SourceView[] }) {
  const { t } = useText()
  const exportable = sources.filter((source) => source.exportable)
  const [chosen, setChosen] = useState<SourceView>()
  const [only] = exportable
  if (!only) return null
  const icon = <Download aria-hidden className="size-4 max-md:hidden" />
  return (
    <>
      {exportable.length === 1 ? (
        <Button icon={icon} onClick={() => setChosen(only)}>
          {t('catalogue.export')}
        </Button>
      ) : (
        <Menu trigger={<Button icon={icon}>{t('catalogue.export')}</Button>}>
          {exportable.map((source) => (
            <MenuItem key={source.id} onSelect={() => setChosen(source)}>
              <bdi>{source.label}</bdi>
            </MenuItem>
          ))}
        </Menu>
      )}
      <ExportDialog source={chosen} onClose={() => setChosen(undefined)} />
    </>
  )
}
