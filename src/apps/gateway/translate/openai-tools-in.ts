import type { LanguageModelV4FunctionTool } from '@ai-sdk/provider'
import { CUSTOM_TOOLS } from './openai-messages-in.ts'
import { arrayAt, type Block, objectAt, oneOf, stringAt } from './read.ts'
import { type Draft, takeJson, takeProviderOptions } from './settings.ts'

/** `tools` and `tool_choice`, which belong together: a choice may name some of the tools. */
export function takeTools(draft: Draft, body: Block): void {
  const tools = toolsOf(draft, body['tools'])
  const chosen = takeChoice(draft, body['tool_choice'], tools)
  if (chosen.length > 0) draft.settings.tools = [...chosen]
}

function toolsOf({ abilities, report }: Draft, value: unknown): LanguageModelV4FunctionTool[] {
  if (value === undefined || value === null) return []
  const tools = arrayAt(value, 'tools').flatMap((entry, index) => {
    const at = `tools[${index}]`
    const tool = objectAt(entry, at)
    if (tool['type'] !== 'function') {
      report.refused('tools', tool['type'] === 'custom' ? CUSTOM_TOOLS : 'only tools of the type "function" are translated.', at)
      return []
    }
    const { name, description, parameters, strict } = objectAt(tool['function'], `${at}.function`)
    if (typeof strict === 'boolean' && strict && !abilities.strictTools) report.dropped('tools.strict', 'not of this provider')
    return [
      {
        type: 'function' as const,
        name: stringAt(name, `${at}.function.name`),
        ...(description === undefined || description === null ? {} : { description: stringAt(description, `${at}.function.description`) }),
        inputSchema:
          parameters === undefined || parameters === null
            ? { type: 'object', properties: {} }
            : objectAt(parameters, `${at}.function.parameters`),
        ...(typeof strict === 'boolean' && abilities.strictTools ? { strict } : {}),
      },
    ]
  })
  report.mapped('tools')
  return tools
}

/** Which tools are offered, and how one of them is to be used. */
function takeChoice(draft: Draft, value: unknown, tools: readonly LanguageModelV4FunctionTool[]): readonly LanguageModelV4FunctionTool[] {
  const { report, settings } = draft
  if (value === undefined || value === null) return tools
  if (typeof value === 'string') {
    requireTool(draft, oneOf(value, 'tool_choice', ['none', 'auto', 'required']))
    return tools
  }
  const choice = objectAt(value, 'tool_choice')
  switch (oneOf(choice['type'], 'tool_choice.type', ['function', 'allowed_tools', 'custom'])) {
    case 'function': {
      const toolName = stringAt(objectAt(choice['function'], 'tool_choice.function')['name'], 'tool_choice.function.name')
      requireTool(draft, 'required')
      settings.toolChoice = { type: 'tool', toolName }
      return tools
    }
    case 'allowed_tools': {
      const { mode, tools: allowed } = objectAt(choice['allowed_tools'], 'tool_choice.allowed_tools')
      const names = arrayAt(allowed, 'tool_choice.allowed_tools.tools').map(nameOf)
      requireTool(draft, oneOf(mode, 'tool_choice.allowed_tools.mode', ['auto', 'required']))
      return tools.filter(({ name }) => names.includes(name))
    }
    case 'custom':
      report.refused('tool_choice', CUSTOM_TOOLS)
      return tools
  }
}

function nameOf(entry: unknown, index: number): string {
  const at = `tool_choice.allowed_tools.tools[${index}]`
  return stringAt(objectAt(objectAt(entry, at)['function'], `${at}.function`)['name'], `${at}.function.name`)
}

function requireTool({ abilities, report, settings }: Draft, type: 'none' | 'auto' | 'required'): void {
  if (type === 'required' && !abilities.requiredTool) return report.refused('tool_choice', 'this provider cannot be made to use a tool.')
  settings.toolChoice = { type }
  report.mapped('tool_choice')
}

/** `response_format`: text, JSON of any form, or JSON of a schema. */
export function takeResponseFormat(draft: Draft, value: unknown): void {
  const format = objectAt(value, 'response_format')
  switch (oneOf(format['type'], 'response_format.type', ['text', 'json_object', 'json_schema'])) {
    case 'text':
      return draft.report.mapped('response_format')
    case 'json_object':
      return takeJson(draft, 'response_format', {})
    case 'json_schema': {
      const { name, description, schema, strict } = objectAt(format['json_schema'], 'response_format.json_schema')
      takeJson(draft, 'response_format', {
        name: stringAt(name, 'response_format.json_schema.name'),
        ...(description === undefined ? {} : { description: stringAt(description, 'response_format.json_schema.description') }),
        ...(schema === undefined ? {} : { schema: objectAt(schema, 'response_format.json_schema.schema') }),
      })
      // the package's own default is the other one
      if (draft.abilities.openaiOptions) takeProviderOptions(draft, { openai: { strictJsonSchema: strict === true } })
    }
  }
}
