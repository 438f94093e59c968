import { expect, it } from 'vitest'
import { findProvider } from '../providers/registry.ts'
import { commandDestination, type EnteredDestination } from './connect.ts'
import { enteredDestination } from './connection-arguments.ts'

it.each<[string, EnteredDestination, object]>([
  ['openai', {}, { baseUrl: 'https://api.openai.com/v1' }],
  ['openai', { project: 'proj_1' }, { baseUrl: 'https://api.openai.com/v1', project: 'proj_1' }],
  ['practice', {}, { baseUrl: 'practice:' }],
  [
    'azure',
    { baseUrl: 'https://mine.openai.azure.com', apiVersion: '2024-10-21' },
    { baseUrl: 'https://mine.openai.azure.com/openai', apiVersion: '2024-10-21' },
  ],
  ['azure', { baseUrl: 'https://mine.openai.azure.com' }, { baseUrl: 'https://mine.openai.azure.com/openai/v1' }],
  [
    'vertex',
    { project: 'mine', region: 'europe-west4' },
    { baseUrl: 'https://europe-west4-aiplatform.googleapis.com/v1', project: 'mine', region: 'europe-west4' },
  ],
  ['vertex', { project: 'mine', region: 'eu' }, { baseUrl: 'https://aiplatform.eu.rep.googleapis.com/v1', project: 'mine', region: 'eu' }],
  ['vertex', { project: 'mine' }, { baseUrl: 'https://aiplatform.googleapis.com/v1', project: 'mine' }],
  ['ollama', { baseUrl: 'http://localhost:11434/api' }, { baseUrl: 'http://localhost:11434' }],
])('%s with %j', (provider, entered, destination) => {
  expect(commandDestination(findProvider(provider), entered).destination).toEqual(destination)
})

it('a host that is named on the command line may be private; one that a field makes is not named', () => {
  expect(commandDestination(findProvider('openai-compatible'), { baseUrl: 'http://localhost:8080/v1' }).privateHosts).toEqual([
    'localhost:8080',
  ])
  expect(commandDestination(findProvider('vertex'), { project: 'mine', region: 'us-central1' }).privateHosts).toEqual([])
})

it.each<[string, EnteredDestination, string]>([
  ['azure', {}, 'command.invalid'],
  ['practice', { region: 'eu' }, 'command.invalid'],
  ['openai', { region: 'eu' }, 'destination.refused'],
  ['vertex', { project: 'mine', region: 'evil.example/' }, 'destination.refused'],
  ['azure', { baseUrl: 'https://mine.openai.azure.com', apiVersion: 'latest' }, 'destination.refused'],
  ['openai', { baseUrl: 'localhost' }, 'command.invalid'],
])('%s with %j is refused: %s', (provider, entered, code) => {
  expect(() => commandDestination(findProvider(provider), entered)).toThrow(code)
})

it('reads the options, and refuses one without a value', () => {
  expect(enteredDestination({ 'base-url': 'https://x', 'api-version': '2024-10-21' })).toEqual({
    baseUrl: 'https://x',
    apiVersion: '2024-10-21',
  })
  expect(() => enteredDestination({ region: ' ' })).toThrow('--region needs a value')
})
