import assignments from './assignments.en.json' with { type: 'json' }
import budgets from './budgets.en.json' with { type: 'json' }
import catalogue from './catalogue.en.json' with { type: 'json' }
import common from './common.en.json' with { type: 'json' }
import consumption from './consumption.en.json' with { type: 'json' }
import enrich from './enrich.en.json' with { type: 'json' }
import errors from './errors.en.json' with { type: 'json' }
import gateway from './gateway.en.json' with { type: 'json' }
import groups from './groups.en.json' with { type: 'json' }
import local from './local.en.json' with { type: 'json' }
import mapping from './mapping.en.json' with { type: 'json' }
import memory from './memory.en.json' with { type: 'json' }
import pace from './pace.en.json' with { type: 'json' }
import people from './people.en.json' with { type: 'json' }
import providers from './providers.en.json' with { type: 'json' }
import review from './review.en.json' with { type: 'json' }
import runs from './runs.en.json' with { type: 'json' }
import shell from './shell.en.json' with { type: 'json' }
import stale from './stale.en.json' with { type: 'json' }
import structure from './structure.en.json' with { type: 'json' }
import start from './start.en.json' with { type: 'json' }
import tested from './tested.en.json' with { type: 'json' }

/** Every text of the page in English, by area: `common.cancel` is the key `cancel` of common.en.json. One line per area. */
export const english = {
  assignments,
  budgets,
  catalogue,
  common,
  consumption,
  enrich,
  errors,
  gateway,
  groups,
  local,
  mapping,
  memory,
  pace,
  people,
  providers,
  review,
  runs,
  shell,
  stale,
  start,
  structure,
  tested,
}
