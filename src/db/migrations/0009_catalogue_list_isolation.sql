-- Row-level security for the tables of the catalogue's list and imports, as 0001 has it.
DO $$
DECLARE
  tenant text;
BEGIN
  FOREACH tenant IN ARRAY ARRAY['product_index', 'stale_products', 'uploads', 'imports', 'import_rejections']
  LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', tenant);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', tenant);
    EXECUTE format(
      'CREATE POLICY own_workspace ON %I TO latchkey_workspace
         USING (workspace_id = (SELECT nullif(current_setting(''latchkey.workspace'', true), '''')::uuid))
         WITH CHECK (workspace_id = (SELECT nullif(current_setting(''latchkey.workspace'', true), '''')::uuid))',
      tenant);
    EXECUTE format(
      'CREATE POLICY every_workspace ON %I TO latchkey_system
         USING (current_user = ''latchkey_system'') WITH CHECK (current_user = ''latchkey_system'')',
      tenant);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO latchkey_workspace', tenant);
  END LOOP;
END
$$;
--> statement-breakpoint
-- Whoever writes a product's values, its row in the list is made again. `do update` locks the mark, so that a refresh under way
-- does not take it for done. An import does not write `written`: the index follows it by the source's own mark.
CREATE FUNCTION mark_stale_product() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO stale_products (product_id, workspace_id) VALUES (new.id, new.workspace_id)
    ON CONFLICT (product_id) DO UPDATE SET marked_at = now();
  RETURN NULL;
END
$$;
--> statement-breakpoint
CREATE TRIGGER products_written AFTER UPDATE OF written ON products FOR EACH ROW
  WHEN (old.written IS DISTINCT FROM new.written) EXECUTE FUNCTION mark_stale_product();
