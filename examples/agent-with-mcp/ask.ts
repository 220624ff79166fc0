import { Agent, MCPServerStreamableHttp, type Model, type RunContext, Runner } from '@openai/agents'

type Person = { name: string }

/** What the agent needs to reach the person's tools. `token` is a personal token of Settings; `model` is a name, or a model of the SDK. */
export type Access = { url: string; token: string; model: string | Model }

/** Asks one question of an agent that works with the person's own tasks and notes. Resolves to its answer; throws what the SDK throws. */
export async function ask(question: string, person: Person, { url, token, model }: Access): Promise<string> {
  const server = new MCPServerStreamableHttp({
    url,
    name: 'switchboard',
    requestInit: { headers: { authorization: `Bearer ${token}` } },
    // The SDK keeps the list for servers with sessions; a stateless one, such as ours, is asked at every step.
    cacheToolsList: true,
    clientSessionTimeoutSeconds: 10,
    timeout: 30_000,
  })
  await server.connect()
  try {
    const agent = new Agent<Person>({
      name: 'Helper',
      model,
      // Asked again at every step: what is true now belongs here.
      instructions: ({ context }: RunContext<Person>) =>
        `You help ${context.name}. It is ${new Date().toISOString()}. Use the tools; never guess.`,
      mcpServers: [server],
    })
    // The SDK sends traces of every run to OpenAI unless it is told not to.
    const result = await new Runner({ tracingDisabled: true }).run(agent, question, { context: person, stream: true })
    await result.completed
    return String(result.finalOutput ?? '')
  } finally {
    await server.close()
  }
}
