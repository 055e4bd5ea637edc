package local

// Fetch is fetch, for tests.
var Fetch = fetch

// FetchEmbedded is fetchEmbedded, for tests.
var FetchEmbedded = fetchEmbedded
