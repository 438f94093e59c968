CREATE TABLE "attribute_groups" (
	"workspace_id" uuid NOT NULL,
	"code" text NOT NULL,
	"labels" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"position" integer DEFAULT 0 NOT NULL,
	"origin" text NOT NULL,
	"corrected" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "attribute_groups_workspace_id_code_pk" PRIMARY KEY("workspace_id","code")
);
--> statement-breakpoint
CREATE TABLE "attribute_options" (
	"workspace_id" uuid NOT NULL,
	"code" text NOT NULL,
	"labels" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"position" integer DEFAULT 0 NOT NULL,
	"origin" text NOT NULL,
	"corrected" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"attribute" text NOT NULL,
	CONSTRAINT "attribute_options_workspace_id_attribute_code_pk" PRIMARY KEY("workspace_id","attribute","code")
);
--> statement-breakpoint
CREATE TABLE "attributes" (
	"workspace_id" uuid NOT NULL,
	"code" text NOT NULL,
	"labels" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"position" integer DEFAULT 0 NOT NULL,
	"origin" text NOT NULL,
	"corrected" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"type" text NOT NULL,
	"group_code" text,
	"localisable" boolean DEFAULT false NOT NULL,
	"scopable" boolean DEFAULT false NOT NULL,
	"rules" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"guess" jsonb,
	CONSTRAINT "attributes_workspace_id_code_pk" PRIMARY KEY("workspace_id","code")
);
--> statement-breakpoint
CREATE TABLE "categories" (
	"workspace_id" uuid NOT NULL,
	"code" text NOT NULL,
	"labels" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"position" integer DEFAULT 0 NOT NULL,
	"origin" text NOT NULL,
	"corrected" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"parent" text,
	CONSTRAINT "categories_workspace_id_code_pk" PRIMARY KEY("workspace_id","code")
);
--> statement-breakpoint
CREATE TABLE "channels" (
	"workspace_id" uuid NOT NULL,
	"code" text NOT NULL,
	"labels" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"position" integer DEFAULT 0 NOT NULL,
	"origin" text NOT NULL,
	"corrected" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"locales" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"currencies" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"tree" text,
	CONSTRAINT "channels_workspace_id_code_pk" PRIMARY KEY("workspace_id","code")
);
--> statement-breakpoint
CREATE TABLE "families" (
	"workspace_id" uuid NOT NULL,
	"code" text NOT NULL,
	"labels" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"position" integer DEFAULT 0 NOT NULL,
	"origin" text NOT NULL,
	"corrected" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"attributes" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"required" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"label_attribute" text,
	"image_attribute" text,
	"variants" jsonb DEFAULT '[]'::jsonb NOT NULL,
	CONSTRAINT "families_workspace_id_code_pk" PRIMARY KEY("workspace_id","code")
);
--> statement-breakpoint
CREATE TABLE "structures" (
	"workspace_id" uuid PRIMARY KEY NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"locales" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"currencies" jsonb DEFAULT '[]'::jsonb NOT NULL
);
--> statement-breakpoint
ALTER TABLE "sources" ADD COLUMN "inferred_import" uuid;--> statement-breakpoint
ALTER TABLE "attribute_groups" ADD CONSTRAINT "attribute_groups_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "attribute_options" ADD CONSTRAINT "attribute_options_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "attributes" ADD CONSTRAINT "attributes_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "categories" ADD CONSTRAINT "categories_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "channels" ADD CONSTRAINT "channels_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "families" ADD CONSTRAINT "families_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "structures" ADD CONSTRAINT "structures_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "categories_parent" ON "categories" USING btree ("workspace_id","parent","position");--> statement-breakpoint
-- Row-level security for the tables of a structure, as 0001 has it.
DO $$
DECLARE
  tenant text;
BEGIN
  FOREACH tenant IN ARRAY ARRAY['attribute_groups', 'attributes', 'attribute_options', 'families', 'categories', 'channels', 'structures']
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
