Feature: Errors
  Bad input is refused before anything runs. The error says what was wrong, and names
  what was probably meant.

  Background:
    Given a project with these nodes
      | pipeline | node         | reads                      | writes   |
      | billing  | price_orders | orders, prices, params:vat | invoices |
      | billing  | sum_up       | invoices                   | turnover |
      | loyalty  | price_orders | orders, prices             | invoices |
      | loyalty  | show         | invoices                   | points   |
    And the file "conf/base/catalog.yml" contains
      """
      orders:
        type: pandas.CSVDataset
        filepath: data/orders.csv

      prices:
        type: pandas.CSVDataset
        filepath: data/prices.csv

      points:
        type: bonus_club.PointsDataset
        card: 17
      """
    And the file "conf/base/parameters.yml" contains
      """
      vat: 0
      """
    And the file "data/orders.csv" contains
      | item  | quantity |
      | apple | 2        |
    And the file "data/prices.csv" contains
      | item  | price |
      | apple | 10    |
    And a session

  Scenario: A misspelled name is answered with the right one
    When "billing" is tried with
      """
      runtime_data: {order: []}
      """
    Then it fails with a KedroSessionError that says "'order' in `runtime_data` is not used"
    And it suggests "orders"
    When "biling" is tried
    Then it fails with a ValueError that says "Failed to find the pipeline named 'biling'"
    And it suggests "billing"
    When preloading is tried: price
    Then it fails with a KedroSessionError that says "'price' is not in the catalog"
    And it suggests "prices"
    And no node ran

  Scenario: Only what is cached can be released
    Given the session preloads: prices
    When releasing is tried: price
    Then it fails with a KedroSessionError that says "'price' is not a cached artifact"
    And it suggests "prices"
    When releasing is tried: prices, orders
    Then it fails with a KedroSessionError that says "'orders' is not a cached artifact"
    And the artifacts are: prices

  Scenario Outline: Parameters are not data
    When "billing" is tried with
      """
      runtime_data: {"<name>": 20}
      """
    Then it fails with a KedroSessionError that says "'<name>' in `runtime_data` is a parameter. Give parameters in `runtime_params`"
    And no node ran

    Examples:
      | name       |
      | parameters |
      | params:vat |

  Scenario: Data that the pipeline does not use is refused
    The session knows the dataset, but the pipeline has no use for it.

    When "billing" is tried with
      """
      runtime_data: {points: 3}
      """
    Then it fails with a KedroSessionError that says "'points' in `runtime_data` is not used"
    And no node ran

  Scenario Outline: An argument of the wrong type is refused
    When "billing" is tried with
      """
      <argument>
      """
    Then it fails with a KedroSessionError that says "<reason>"
    And no node ran

    Examples:
      | argument                   | reason                                            |
      | runtime_data: orders       | `runtime_data` must be a dictionary, not str      |
      | runtime_data: {1: apple}   | keys of `runtime_data` must be strings, not int   |
      | runtime_params: [vat]      | `runtime_params` must be a dictionary, not list   |
      | runtime_params: {1: apple} | keys of `runtime_params` must be strings, not int |
      | run_id: 42                 | `run_id` must be a string, not int                |
      | load_versions: latest      | `load_versions` must be a dictionary, not str     |
      | runner: ThreadRunner       | instance of Runner                                |

  Scenario: A mistake in the catalog surfaces before the first node runs
    The points are saved last, by a dataset whose package is not installed.

    When "loyalty" is tried
    Then it fails with a DatasetError that says "points"
    And no node ran
    And the file "data/orders.csv" was read 0 times

  Scenario: A mistake in the catalog stops only the runs that use it
    When "billing" runs
    Then the output "turnover" is 20

  Scenario: An error of a dataset names the dataset and the run
    Given the file "data/prices.csv" is deleted
    When "billing" is tried with
      """
      run_id: order-42
      """
    Then it fails with a DatasetError that says "prices"
    And it fails with a DatasetError that says "order-42"

  Scenario: A closed session stays closed
    Given "billing" runs
    When the session is closed
    And the session is closed
    And "billing" is tried
    Then it fails with a KedroSessionError that says "is closed"
    When preloading is tried: prices
    Then it fails with a KedroSessionError that says "is closed"

  Scenario: The command says which pipelines there are
    When the command "kedro run --pipelines biling" is called
    Then it fails and says "Failed to find the pipeline named 'biling'"
    And it says "billing"
