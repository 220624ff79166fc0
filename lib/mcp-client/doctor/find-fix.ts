/** What to change, for every fault that the doctor reports. */
const FIXES: Record<string, string> = {
  bad_address: 'Write the whole address of the MCP endpoint, such as https://tools.example.com/mcp.',
  denied: 'Use an address of the public internet, put the server into MCP_SERVERS_FILE, or set MCP_ALLOW_PRIVATE=on.',
  dns: 'Check the spelling of the host, and that this machine’s resolver knows it. In a container, localhost is the container itself: use the service’s name.',
  refused:
    'Nothing listens at this port, or a firewall turns the connection away. Start the server, and let it listen on an address that this machine reaches (0.0.0.0 in a container, not 127.0.0.1).',
  connect_timeout:
    'The server or something before it takes connections and does not answer. Look whether it hangs, and whether a firewall drops packets.',
  tls: 'The certificate is not one that this machine trusts for this host. Use one from a public authority, or make your own authority known with NODE_EXTRA_CA_CERTS.',
  plain_http: 'Use https wherever the network between is not your own: tokens travel readable otherwise.',
  slash: 'Write the address exactly as the server has it, with or without the slash at its end.',
  redirect:
    'Write the address that the server redirects to. Redirects to another host are never followed, because they would carry sign-ins elsewhere.',
  not_found: 'There is no MCP endpoint at this path. Many servers have it at /mcp, older ones at /sse.',
  old_transport: 'This server speaks the older HTTP+SSE transport. Choose it for this server.',
  wrong_method: 'This path takes no POST, so it is no MCP endpoint. Many servers have it at /mcp.',
  wrong_type:
    'The address answers with a page, not with MCP. It may be a sign-in page of a proxy, or the address of the website instead of the endpoint.',
  protocol_error:
    'The server answers, but not as MCP. Look at its log, and whether a proxy before it changes or buffers bodies.',
  server_error: 'The server itself failed. Look at its log.',
  overloaded: 'The server’s rate limit is reached. Try again later, or have the limit raised.',
  too_large: 'The server, or a proxy before it, takes no request of this size. Raise that limit, or send less.',
  input_required:
    'The tool asks something back in the middle of a call, which is not supported yet. Use one that takes all it needs as arguments.',
  endless_list: 'Correct the cursors of tools/list: the last page has no nextCursor.',
  unknown_revision:
    'Let the server answer with a revision that both sides know, such as 2025-06-18. MCP names revisions by date; a server that is asked for one that it does not know answers with one that it does.',
  bad_tools: 'Correct the definitions that are named. Only these tools are left out, the others work.',
  unauthorised:
    'The server needs authentication. Choose it under Authentication: their own account, a signed token, or a header with a key.',
  forbidden:
    'The server knows who asks and refuses. Check the rights of that account, and whether the server allows this host (some check Origin and Host).',
  no_auth_metadata:
    'A server that wants a sign-in must say where (RFC 9728). Ask its operator for /.well-known/oauth-protected-resource, or choose a key or a header as identity.',
  bad_auth_metadata:
    'The server names an authorization server that does not describe itself (RFC 8414), or not with PKCE. Without that nobody can connect an account.',
  no_registration:
    'The authorization server registers nobody by itself. Register Switchboard there by hand and enter the client id.',
  session_lost:
    'The server forgets its sessions between two requests. Behind a load balancer it needs sticky sessions, or must be run stateless.',
  no_tools: 'The server offers no tools to whoever asks. Check whether tools depend on the account.',
  hard_timeout:
    'The tool takes longer than an examination waits. Look whether it hangs; if it only takes long, let it report progress, or raise its deadlines on the page of policies.',
  outcome_unknown: 'The server broke down in the middle of the call, which may have taken effect. Look at its log.',
  tool_error: 'The tool itself reports a failure: read what it said.',
  bad_arguments: 'The tool does not accept these arguments. Compare them with its schema.',
  transport_lost:
    'The connection broke in the middle of an answer. Look for a crash in the server’s log and for idle limits of proxies.',
}

/** The advice for a fault. */
export function findFix(fault: string): string {
  return FIXES[fault] ?? 'Look at the server’s log at this time.'
}
