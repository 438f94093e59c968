import { Download } from 'lucide-react'
import { exportSource, type SourceView } from '../../../contract/catalogue.ts'
import { downloadFile } from '../../api/files.ts'
import { Button } from '../../components/button.tsx'
import { Menu, MenuItem } from '../../components/menu.tsx'
import { useText } from '../../messages/text.tsx'

/** Downloads a file with its accepted values written in; of several, the one that is chosen. */
export function ExportButton({ sources }: { sources: readonly SourceView[] }) {
  const { t } = useText()
  const exportable = sources.filter((source) => source.exportable)
  const download = ({ id }: SourceView) => downloadFile(exportSource, { params: { sourceId: id } })
  const [only] = exportable
  if (!only) return null
  const icon = <Download aria-hidden className="size-4 max-md:hidden" />
  if (exportable.length === 1) {
    return (
      <Button icon={icon} onClick={() => download(only)}>
        {t('catalogue.export')}
      </Button>
    )
  }
  return (
    <Menu trigger={<Button icon={icon}>{t('catalogue.export')}</Button>}>
      {exportable.map((source) => (
        <MenuItem key={source.id} onSelect={() => download(source)}>
          <bdi>{source.label}</bdi>
        </MenuItem>
      ))}
    </Menu>
  )
}
