-- One installation as 0001 left it: two workspaces, a key, a catalogue with written values, a run that ended and one that did not.
insert into deployment (id) values ('00000000-0000-7000-8000-000000000001');
insert into master_keys (id, source, check_value, status) values ('00000000-0000-7000-8000-000000000002', 'file', '\x0102030405060708', 'active');
insert into workspaces (id, name, slug) values
  ('00000000-0000-7000-8000-00000000000a', 'Command line', 'command-line'),
  ('00000000-0000-7000-8000-00000000000b', 'Other', 'other');
insert into keyring.data_keys (id, workspace_id, version, master_key_id, wrapped, status) values
  ('00000000-0000-7000-8000-000000000003', '00000000-0000-7000-8000-00000000000a', 1, '00000000-0000-7000-8000-000000000002', '\x00', 'active');
insert into connections (id, workspace_id, provider, label, slug, destination, sealed_key, key_version, key_last_four, key_set_at) values
  ('00000000-0000-7000-8000-000000000010', '00000000-0000-7000-8000-00000000000a', 'openai', 'OpenAI', 'openai', '{"baseUrl":"https://api.openai.com/v1"}', 'lk1.AAAA', 1, 'wxyz', '2026-10-01T00:00:00Z'),
  ('00000000-0000-7000-8000-000000000011', '00000000-0000-7000-8000-00000000000a', 'practice', 'Practice', 'practice', '{"baseUrl":"practice:"}', null, 0, null, null);
insert into assignments (workspace_id, context, position, connection_id, model) values
  ('00000000-0000-7000-8000-00000000000a', 'enrichment', 0, '00000000-0000-7000-8000-000000000010', 'gpt-4.1-mini');
insert into budgets (id, workspace_id, scope, currency, limit_nano, spent_nano, held_nano) values
  ('00000000-0000-7000-8000-000000000020', '00000000-0000-7000-8000-00000000000a', 'run:00000000-0000-7000-8000-000000000030', 'USD', 1000000000, 520000, 0),
  ('00000000-0000-7000-8000-000000000021', '00000000-0000-7000-8000-00000000000a', 'run:00000000-0000-7000-8000-000000000031', 'USD', null, 0, 0);
insert into ledger_entries (id, workspace_id, connection_id, key_version, instance, actor, origin, context, attempt, requested_model, served_model, outcome, usage, usage_source, cost_nano, cost_source, currency, price_rows, budget_ids, charged_nano, intended_at, sent_at, ended_at) values
  ('00000000-0000-7000-8000-000000000040', '00000000-0000-7000-8000-00000000000a', '00000000-0000-7000-8000-000000000010', 1, 'one', 'command', 'run:00000000-0000-7000-8000-000000000030', 'enrichment', 1, 'gpt-4.1-mini', 'gpt-4.1-mini-2025-04-14', 'succeeded', '{"input_tokens":500,"output_tokens":200}', 'reported', 520000, 'price_book', 'USD', '["openai/gpt-4.1-mini"]', '["00000000-0000-7000-8000-000000000020"]', 520000, '2026-11-01T10:00:00Z', '2026-11-01T10:00:00.1Z', '2026-11-01T10:00:01Z'),
  ('00000000-0000-7000-8000-000000000041', '00000000-0000-7000-8000-00000000000a', '00000000-0000-7000-8000-000000000010', 1, 'one', 'command', 'run:00000000-0000-7000-8000-000000000030', 'enrichment', 1, 'gpt-4.1-mini', null, 'interrupted', null, null, null, null, 'USD', null, '["00000000-0000-7000-8000-000000000020"]', 0, '2026-11-01T10:00:02Z', null, '2026-11-01T10:00:03Z');
insert into sources (id, workspace_id, location, format, content_hash, imported_hash, last_import) values
  ('00000000-0000-7000-8000-000000000050', '00000000-0000-7000-8000-00000000000a', '/home/ada/lamps.csv', '{"kind":"delimited"}', 'aa', 'bb', '00000000-0000-7000-8000-000000000051');
insert into products (id, workspace_id, source_id, identifier, row, imported, written, last_seen_import) values
  ('00000000-0000-7000-8000-000000000060', '00000000-0000-7000-8000-00000000000a', '00000000-0000-7000-8000-000000000050', 'A-1', 1, '{"name":"Lamp one","colour":"red"}', '{"title@en":{"value":"A red lamp","changeId":"00000000-0000-7000-8000-000000000070","workHash":"cc"}}', '00000000-0000-7000-8000-000000000051'),
  ('00000000-0000-7000-8000-000000000061', '00000000-0000-7000-8000-00000000000a', '00000000-0000-7000-8000-000000000050', 'A-2', 2, '{"name":"Lamp two"}', '{}', '00000000-0000-7000-8000-000000000051');
insert into runs (id, workspace_id, kind, fingerprint, series, settings, state, budget_id, item_count, started_at, ended_at) values
  ('00000000-0000-7000-8000-000000000030', '00000000-0000-7000-8000-00000000000a', 'enrichment', 'ff', 'ss', '{"slot":"x","file":"/home/ada/lamps.csv","model":"gpt-4.1-mini"}', 'finished', '00000000-0000-7000-8000-000000000020', 1, '2026-11-01T10:00:00Z', '2026-11-01T10:00:05Z'),
  ('00000000-0000-7000-8000-000000000031', '00000000-0000-7000-8000-00000000000a', 'enrichment', 'fg', 'ss', '{"slot":"y","file":"/home/ada/lamps.csv","model":"gpt-4.1-mini"}', 'paused', '00000000-0000-7000-8000-000000000021', 1, '2026-11-02T10:00:00Z', null);
insert into run_items (run_id, position, workspace_id, subject_id, work_hash, state, cost_nano) values
  ('00000000-0000-7000-8000-000000000030', 1, '00000000-0000-7000-8000-00000000000a', '00000000-0000-7000-8000-000000000060', 'cc', 'done', 520000),
  ('00000000-0000-7000-8000-000000000031', 2, '00000000-0000-7000-8000-00000000000a', '00000000-0000-7000-8000-000000000061', 'dd', 'waiting', null);
insert into value_changes (id, workspace_id, product_id, attribute, locale, value, state, decision, flags, provenance, run_id, work_hash, decided_at) values
  ('00000000-0000-7000-8000-000000000070', '00000000-0000-7000-8000-00000000000a', '00000000-0000-7000-8000-000000000060', 'title', 'en', '"A red lamp"', 'accepted', 'accepted by command', '[]', '{"kind":"generated","callId":"00000000-0000-7000-8000-000000000040","model":"gpt-4.1-mini","connection":"openai"}', '00000000-0000-7000-8000-000000000030', 'cc', '2026-11-01T10:00:01Z');
insert into audit_entries (id, workspace_id, at, actor, action, subject, detail) values
  ('00000000-0000-7000-8000-000000000080', '00000000-0000-7000-8000-00000000000a', '2026-10-01T00:00:00Z', 'command', 'connection.added', 'connection:00000000-0000-7000-8000-000000000010', '{}');
