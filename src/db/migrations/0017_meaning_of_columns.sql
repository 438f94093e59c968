ALTER TABLE "products" ADD COLUMN "parent" text;--> statement-breakpoint
ALTER TABLE "products" ADD COLUMN "parent_id" uuid;--> statement-breakpoint
ALTER TABLE "sources" ADD COLUMN "mapping" jsonb;--> statement-breakpoint
ALTER TABLE "sources" ADD COLUMN "reading" jsonb;--> statement-breakpoint
CREATE INDEX "products_parent" ON "products" USING btree ("workspace_id","parent") WHERE parent is not null;--> statement-breakpoint
CREATE INDEX "products_parent_id" ON "products" USING btree ("parent_id") WHERE parent_id is not null;--> statement-breakpoint
-- What a variant lacks it has from its parent, and from that one's: their rows in the list are made again, too.
CREATE OR REPLACE FUNCTION mark_stale_product() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO stale_products (product_id, workspace_id)
    SELECT new.id, new.workspace_id
    UNION SELECT id, workspace_id FROM products WHERE parent_id = new.id
    UNION SELECT variant.id, variant.workspace_id FROM products model JOIN products variant ON variant.parent_id = model.id WHERE model.parent_id = new.id
    ORDER BY 1
    ON CONFLICT (product_id) DO UPDATE SET marked_at = now();
  RETURN NULL;
END
$$;
