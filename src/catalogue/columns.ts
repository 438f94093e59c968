import type { SourceColumns } from '../db/schema/index.ts'
import { normaliseName } from './formats/guess.ts'

// Best first, as `normaliseName` gives them.
const NAME = [
  ['name', 'title', 'product name', 'product title', 'item name', 'titel', 'bezeichnung', 'produktname', 'artikelbezeichnung'],
  ['nom', 'nom du produit', 'titre', 'libelle', 'designation', 'nombre', 'titulo', 'nome', 'titolo', 'naam', 'productnaam', 'navn'],
  ['namn', 'nimi', 'nazwa', 'nazev', 'название', 'наименование', '商品名', '名称', 'label', 'headline', 'short description'],
].flat()
const FAMILY = [
  ['family', 'product family', 'familie', 'famille', 'familia', 'famiglia', 'category', 'product category', 'categories'],
  [
    'kategorie',
    'produktgruppe',
    'warengruppe',
    'categorie',
    'categoria',
    'kategoria',
    'product type',
    'attr t type',
    'type',
    'class',
    'group',
  ],
].flat()
const PICTURE = [
  ['picture', 'image', 'main image', 'image url', 'image link', 'image src', 'picture url', 'photo', 'photo url', 'images', 'pictures'],
  ['img', 'img high', 'img 500x500', 'img low', 'thumbnail', 'bild', 'bild url', 'bilder', 'foto', 'imagen', 'immagine', 'afbeelding'],
].flat()

const CATEGORIES = [
  ['categories', 'category', 'category path', 'product category', 'kategorien', 'kategorie', 'kategoriepfad'],
  ['categories', 'categorie', 'categorias', 'categoria', 'categorieen', 'kategorier', 'kategorie produktu'],
].flat()

/** Which column says the categories of products, by its name; not the one that says their family. */
export function guessCategories(columns: readonly string[], { family }: SourceColumns): string | null {
  const byName = new Map(columns.toReversed().map((column) => [normaliseName(column), column]))
  return CATEGORIES.map((name) => byName.get(name)).find((column) => column !== undefined && column !== family) ?? null
}

/** Which columns a source's list shows as name, family and picture: by their names, and prose for want of a named one. */
export function guessColumns(columns: readonly string[], textColumns: readonly string[]): SourceColumns {
  const byName = new Map(columns.toReversed().map((column) => [normaliseName(column.replace(/^g:/, '')), column]))
  const find = (names: readonly string[]): string | null =>
    names.map((name) => byName.get(name)).find((column) => column !== undefined) ?? null
  return { name: find(NAME) ?? textColumns[0] ?? null, family: find(FAMILY), picture: find(PICTURE) }
}
