Feature: Injected data
  What is given as `runtime_data` takes the place of a dataset, for one run. Its catalog
  entry is left alone: nothing is read from storage and nothing is written to it.

  Background:
    Given a project with these nodes
      | pipeline  | node                   | reads          | writes           |
      | billing   | price_orders           | orders, prices | invoices         |
      | billing   | sum_up                 | invoices       | turnover         |
      | reporting | count_and_price_orders | orders, prices | number, invoices |
      | reporting | sum_up                 | invoices       | turnover         |
      | notes     | read_note              | note           | answer           |
      | doubling  | double_prices          | prices         | doubled          |
      | receipts  | add_a_line             | lines          | number_of_lines  |
    And the file "conf/base/catalog.yml" contains
      """
      orders:
        type: pandas.CSVDataset
        filepath: data/orders.csv

      prices:
        type: warehouse.PriceDataset
        credentials: warehouse

      invoices:
        type: pandas.CSVDataset
        filepath: data/invoices.csv

      note:
        type: json.JSONDataset
        filepath: data/note.json
      """
    And the file "data/orders.csv" contains
      | item  | quantity |
      | apple | 2        |
    And a session

  Scenario: A run does without a dataset that cannot be built
    The catalog entry of the prices asks for a package that is not installed and for
    credentials that nobody has.

    When "billing" is tried
    Then it fails with a DatasetError that says "Unable to find credentials 'warehouse'"
    When "billing" runs with
      """
      runtime_data:
        prices: [{item: apple, price: 10}]
      """
    Then the output "turnover" is 20

  Scenario: Injected data is there for one run only
    When "billing" runs with
      """
      runtime_data:
        orders: [{item: apple, quantity: 7}]
        prices: [{item: apple, price: 10}]
      """
    Then the output "turnover" is 70
    And the file "data/orders.csv" was read 0 times
    When "billing" runs with
      """
      runtime_data:
        prices: [{item: apple, price: 10}]
      """
    Then the output "turnover" is 20
    And the file "data/orders.csv" was read 1 time

  Scenario: A node is left out if what it makes is injected
    When "billing" runs with
      """
      runtime_data:
        invoices: [{item: apple, amount: 99}]
      """
    Then the output "turnover" is 99
    And only these nodes ran: sum_up
    And the file "data/invoices.csv" does not exist

  Scenario: A node still runs if another of its outputs is needed
    The value that it makes for the injected dataset is dropped.

    When "reporting" runs with
      """
      runtime_data:
        prices: [{item: apple, price: 10}]
        invoices: [{item: apple, amount: 99}]
      """
    Then the output "number" is 1
    And the output "turnover" is 99
    And only these nodes ran: count_and_price_orders, sum_up
    And the file "data/invoices.csv" does not exist

  Scenario: None is data
    Given the file "data/note.json" contains
      """
      "Ring twice."
      """
    When "notes" runs
    Then the output "answer" is "note: Ring twice."
    When "notes" runs with
      """
      runtime_data:
        note: null
      """
    Then the output "answer" is "no note"
    And the file "data/note.json" was read 1 time

  Scenario Outline: What the caller gave is safe from nodes that change their input
    When "<pipeline>" runs with
      """
      runtime_data:
        <dataset>: <given>
      """
    Then the output "<output>" is <value>
    And the caller's "<dataset>" is still <given>

    Examples: A table and a list
      | pipeline | dataset | given                      | output          | value |
      | doubling | prices  | [{item: apple, price: 10}] | doubled         | 20    |
      | receipts | lines   | [one apple, one pear]      | number_of_lines | 3     |

  Scenario: A dataset may be injected instead of data
    Given the file "data/wholesale.csv" contains
      | item  | price |
      | apple | 4     |
    When "billing" runs with a CSVDataset of "data/wholesale.csv" as "prices"
    Then the output "turnover" is 8
    And the file "data/wholesale.csv" was read 1 time
