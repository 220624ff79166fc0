import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { toModelTool } from '#lib/mcp-client/tools/model-tool.ts'
import type { McpTool } from '#lib/mcp-client/tools/tool-lists.ts'
import { schemaFaults } from '#tests/support/tool-servers/tool-schema-faults.ts'

const toolOf = (inputSchema: unknown, description = 'Does it.') => ({ name: 'x', description, inputSchema }) as McpTool
const rewritten = (schema: unknown) => toModelTool(toolOf(schema)).tool?.inputSchema

describe('a schema is rewritten so that models accept it', () => {
  test.each<[string, unknown, unknown]>([
    ['a missing type', {}, { type: 'object', properties: {} }],
    [
      'a list of types',
      { type: ['object', 'null'], properties: { a: { type: 'string' } } },
      { type: 'object', properties: { a: { type: 'string' } } },
    ],
    ['two choices at the top', { anyOf: [{ type: 'object' }, { type: 'object' }] }, { type: 'object', properties: {} }],
    [
      'choices with properties',
      {
        oneOf: [
          { properties: { id: { type: 'string' }, by: { type: 'string' } }, required: ['id', 'by'] },
          { properties: { name: { type: 'string' }, by: { type: 'string' } }, required: ['name', 'by'] },
        ],
      },
      {
        type: 'object',
        properties: { id: { type: 'string' }, by: { type: 'string' }, name: { type: 'string' } },
        required: ['by'],
      },
    ],
    [
      'allOf',
      {
        allOf: [
          { properties: { a: { type: 'string' } }, required: ['a'] },
          { properties: { b: { type: 'number' } }, required: ['b'] },
        ],
      },
      { type: 'object', properties: { a: { type: 'string' }, b: { type: 'number' } }, required: ['a', 'b'] },
    ],
    [
      'an array without items',
      { type: 'object', properties: { a: { type: 'array' } } },
      { type: 'object', properties: { a: { type: 'array', items: {} } } },
    ],
    [
      'a tuple',
      { properties: { a: { type: 'array', items: [{ type: 'string' }, { type: 'number' }] } } },
      {
        type: 'object',
        properties: { a: { type: 'array', items: { anyOf: [{ type: 'string' }, { type: 'number' }] } } },
      },
    ],
    [
      'a reference',
      {
        type: 'object',
        properties: { a: { $ref: '#/$defs/a', description: 'An a.' } },
        $defs: { a: { enum: ['b', 'c'] } },
      },
      { type: 'object', properties: { a: { enum: ['b', 'c'], description: 'An a.', type: 'string' } } },
    ],
    [
      'a recursive schema',
      { $ref: '#/definitions/node', definitions: { node: { properties: { next: { $ref: '#/definitions/node' } } } } },
      { type: 'object', properties: { next: {} } },
    ],
    [
      'boolean schemas',
      { type: 'object', properties: { a: true, b: false } },
      { type: 'object', properties: { a: {} } },
    ],
    [
      'a required property that does not exist',
      { type: 'object', properties: {}, required: ['a'] },
      { type: 'object', properties: {} },
    ],
    [
      'an empty enum',
      { properties: { a: { type: 'string', enum: [] } } },
      { type: 'object', properties: { a: { type: 'string' } } },
    ],
    [
      'properties without a type',
      { properties: { a: { properties: { b: { type: 'string' } } } } },
      { type: 'object', properties: { a: { properties: { b: { type: 'string' } }, type: 'object' } } },
    ],
    [
      'its $schema and $id',
      { $schema: 'https://json-schema.org/draft/2020-12/schema', $id: 'x', type: 'object' },
      { type: 'object', properties: {} },
    ],
  ])('%s', (_, schema, expected) => {
    expect(rewritten(schema)).toEqual(expected)
    expect(schemaFaults(rewritten(schema))).toEqual([])
  })

  test('a long description is cut, but never inside a character', () => {
    const { tool } = toModelTool(
      toolOf(
        { type: 'object', properties: { a: { type: 'string', description: 'x'.repeat(3_000) } } },
        `${'y'.repeat(1_022)}😀😀`,
      ),
    )
    expect(tool?.description).toBe(`${'y'.repeat(1_022)}…`)
    expect(tool?.inputSchema.properties).toEqual({ a: { type: 'string', description: `${'x'.repeat(1_023)}…` } })
    expect(toModelTool(toolOf({ type: 'object' }, 'y'.repeat(1_024))).tool?.description).toHaveLength(1_024)
  })

  test.each<[string, unknown, RegExp]>([
    ['a missing schema', undefined, /no schema/],
    ['arguments that are a string', { type: 'string' }, /no object: string/],
    [
      'a reference to another document',
      { type: 'object', properties: { a: { $ref: 'https://example.com/a.json' } } },
      /refers to https:\/\/example.com/,
    ],
    ['a reference to nothing', { $ref: '#/$defs/none' }, /refers to #/],
    ['choices without an object', { anyOf: [{ type: 'string' }, { type: 'number' }] }, /no object/],
  ])('a schema that cannot be rewritten has a problem: %s', (_, schema, problem) => {
    expect(toModelTool(toolOf(schema)).problem).toMatch(problem)
  })

  test('a schema that grows with every reference is abandoned', () => {
    const $defs = Object.fromEntries(
      Array.from({ length: 40 }, (_, i) => [
        `d${i}`,
        { properties: { a: { $ref: `#/$defs/d${i + 1}` }, b: { $ref: `#/$defs/d${i + 1}` } } },
      ]),
    )
    expect(toModelTool(toolOf({ $ref: '#/$defs/d0', $defs: { ...$defs, d40: {} } })).problem).toMatch(
      /too large or too deep/,
    )
  })

  test('any schema from a server is accepted after rewriting, or has a problem', () => {
    const schema = fc.letrec((tie) => ({
      any: fc.oneof({ depthSize: 'small' }, fc.constantFrom(true, false, null, {}, 'x', 7), tie('object')),
      object: fc.record(
        {
          type: fc.constantFrom('object', 'array', 'string', ['array', 'null'], ['object', 'null']),
          properties: fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('any')),
          required: fc.constantFrom(['a'], ['a', 'z'], 'a', null),
          items: fc.oneof(tie('any'), fc.array(tie('any'), { maxLength: 3 })),
          anyOf: fc.array(tie('any'), { maxLength: 3 }),
          allOf: fc.array(tie('any'), { maxLength: 3 }),
          enum: fc.constantFrom([], ['x'], [1, 'x']),
          $ref: fc.constantFrom('#/properties/a', '#', '#/nowhere'),
          additionalProperties: tie('any'),
        },
        { requiredKeys: [] },
      ),
    })).object
    fc.assert(
      fc.property(schema, (value) => {
        const { tool } = toModelTool(toolOf(value))
        return tool === undefined || schemaFaults(tool.inputSchema).length === 0
      }),
      { numRuns: 500 },
    )
  })
})
