Feature: Lazy connections
  A session builds no dataset and opens no connection until a run loads or saves it. What
  is wrong with an entry of the catalog stops only the runs that use it, and they find
  out before their first node.

  Background:
    Given a project with these nodes
      | pipeline | node          | reads            | writes   |
      | billing  | price_orders  | orders, prices   | invoices |
      | billing  | sum_up        | invoices         | turnover |
      | pricing  | double_prices | prices           | doubled  |
      | stock    | show          | stock            | shown    |
      | returns  | import_prices | prices           | checked  |
      | returns  | price_orders  | returns, checked | credits  |
      | returns  | sum_up        | credits          | refunds  |
      | returns  | show          | refunds          | archive  |
    And the file "conf/base/catalog.yml" contains
      """
      prices:
        type: pandas.CSVDataset
        filepath: data/prices.csv

      orders:
        type: pandas.SQLTableDataset
        table_name: orders
        credentials: shop_database
      """
    And the file "conf/base/catalog_of_another_team.yml" contains
      """
      stock:
        type: pandas.SQLTableDataset
        table_name: stock
        credentials: database_of_another_team

      returns:
        type: pandas.SQLTableDataset
        table_name: ${returns_table}
        credentials: shop_database

      archive:
        type: warehouse_of_another_team.ArchiveDataset
      """
    And a database server, which the credentials "shop_database" lead to
    And the file "data/prices.csv" contains
      | item  | price |
      | apple | 10    |
    And a session

  Scenario: Looking at the catalog connects to nothing
    Then the catalog lists: archive, orders, prices, returns, stock
    And the catalog can be printed
    And the database server was asked for 0 connections

  Scenario: Another team's broken database entry does not stop my pipeline
    When "pricing" runs
    Then the output "doubled" is 20
    When "stock" is tried
    Then it fails with a DatasetError that says "Unable to find credentials 'database_of_another_team'"
    When "pricing" runs
    Then the output "doubled" is 20
    And the database server was asked for 0 connections

  Scenario: The command line works with broken entries
    When the command "kedro catalog describe-datasets" is called
    Then it succeeds
    And it says "warehouse_of_another_team.ArchiveDataset"
    And it says "SQLTableDataset"
    And the database server was asked for 0 connections

  Scenario: My injected table needs no database
    When "billing" runs with
      """
      runtime_data:
        orders: [{item: apple, quantity: 3}]
      """
    Then the output "turnover" is 30
    And the database server was asked for 0 connections

  Scenario: A broken entry can be injected
    When "stock" runs with
      """
      runtime_data: {stock: 12}
      """
    Then the output "shown" is 12

  Scenario: A mistake in my catalog is reported before my first node runs
    When "returns" is tried
    Then it fails with a DatasetError that says "2 datasets cannot be used"
    And it fails with a DatasetError that says "'returns' cannot be resolved"
    And it fails with a DatasetError that says "'archive'"
    And no node ran
    And the file "data/prices.csv" was read 0 times
    And the database server was asked for 0 connections

  Scenario: The database is asked when its table is loaded, and not before
    When "billing" is tried with
      """
      run_id: night-1
      """
    Then it fails with a DatasetError that says "orders"
    And it fails with a DatasetError that says "run id: night-1"
    And the database server was asked for 1 connection
    When "billing" runs with
      """
      runtime_data:
        orders: [{item: apple, quantity: 3}]
      """
    Then the output "turnover" is 30
    And the database server was asked for 1 connection
