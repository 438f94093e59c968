import { Bar, Skeleton } from '../components/skeleton.tsx'

/** While a page's code comes: its title and its first lines. */
export function PageWaiting() {
  return (
    <Skeleton>
      <div className="flex flex-col gap-3">
        <Bar width="w-48" height="h-6" />
        <Bar width="w-80" height="h-4" />
        <div className="mt-4 flex flex-col gap-3">
          <Bar width="w-full" height="h-10" />
          <Bar width="w-full" height="h-10" />
          <Bar width="w-full" height="h-10" />
        </div>
      </div>
    </Skeleton>
  )
}
