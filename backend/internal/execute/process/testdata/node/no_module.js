require('that-does-not-exist');
