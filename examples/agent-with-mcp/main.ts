import { ask } from './ask.ts'

// SWITCHBOARD_TOKEN=swb_... OPENAI_API_KEY=sk-... node examples/agent-with-mcp/main.ts "What is due today?"
const {
  SWITCHBOARD_URL = 'http://127.0.0.1:3000/mcp',
  SWITCHBOARD_TOKEN: token,
  OPENAI_MODEL: model = 'gpt-6.2-sol',
} = process.env
if (!token) throw new Error('Set SWITCHBOARD_TOKEN to a token of the page Settings.')
console.log(
  await ask(
    process.argv[2] ?? 'What is open?',
    { name: 'the owner of the token' },
    { url: SWITCHBOARD_URL, token, model },
  ),
)
