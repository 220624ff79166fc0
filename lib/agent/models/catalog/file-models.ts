import { findKnownModel, UNKNOWN_WINDOW_TOKENS } from '#lib/agent/models/catalog/known-models.ts'
import { type FileModel, type FileProvider, readModelsFile } from '#lib/agent/models/catalog/models-file.ts'
import type { OfferedModel } from '#lib/agent/models/catalog/offered-model.ts'
import type { Source } from '#lib/agent/models/catalog/provider-access.ts'

/** Models of the file are remembered by their names. */
const toId = (name: string) => `file:${name}`

/** The models of MODELS_FILE. */
export function readFileModels(): Source {
  const given = readModelsFile()
  return {
    models: given.flatMap((provider) => provider.models.map((model) => toOffered(provider, model))),
    providers: given.map(({ name, baseUrl, api, key, headers }) => ({
      ...{ id: toId(name), name, baseUrl, api, key, headers },
      reach: null,
      isReadable: true,
    })),
  }
}

function toOffered(provider: FileProvider, model: FileModel): OfferedModel {
  const known = findKnownModel(model.model)
  return {
    id: toId(model.name),
    name: model.name,
    description: model.description ?? null,
    provider: { id: toId(provider.name), name: provider.name },
    model: model.model,
    api: provider.api,
    contextWindowTokens: model.contextTokens ?? known?.contextWindowTokens ?? UNKNOWN_WINDOW_TOKENS,
    maxOutputTokens: model.maxOutputTokens ?? known?.maxOutputTokens ?? null,
    capabilities: {
      tools: model.tools ?? known?.capabilities.tools ?? true,
      pictures: model.pictures ?? known?.capabilities.pictures ?? false,
      files: model.files ?? known?.capabilities.files ?? false,
      // People choose among the levels only if the file says so.
      reasoningLevels: model.reasoningLevels ?? [],
    },
    prices: model.prices ?? null,
    audience: model.audience,
    isDefault: model.default,
    uses: model.uses,
    fallbackId: model.fallback === undefined ? null : toId(model.fallback),
    origin: 'file',
  }
}
