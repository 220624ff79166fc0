import { readCatalog } from '#lib/agent/models/catalog/models-for.ts'
import { REASONING_LEVELS } from '#lib/data/models/model-facts.ts'
import { readStoredModels } from '#lib/data/models/stored-models.ts'

/** What the form of a model chooses from. */
export async function listModelChoices() {
  const [{ providers }, { models }] = await Promise.all([readStoredModels(), readCatalog()])
  return {
    providers: providers.map(({ id, name }) => ({ id, name })),
    models: models.filter(({ uses }) => uses.includes('chat')).map(({ id, name }) => ({ id, name })),
    levels: REASONING_LEVELS,
  }
}
