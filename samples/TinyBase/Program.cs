using Samples.Shared;
using TinyBase;

return args.FirstOrDefault() switch
{
    "data" => Run.Guarded(_ => DataCommand.Execute(args[1..])),
    "model" => Run.Guarded(cancel => ModelCommand.Execute(args[1..], cancel)),
    null or "--help" or "-h" => Usage(0),
    _ => Usage(1),
};

static int Usage(int code)
{
    (code == 0 ? Console.Out : Console.Error).WriteLine(
        """
        Makes what samples/Quickstart starts from.

          TinyBase data   writes the pictures and questions (samples/assets/shapes)
          TinyBase model  trains the base model from random weights (samples/assets/tiny-base)

        Add --help to either for its options.
        """);
    return code;
}
