namespace ViSurf.Core.Rollouts;

/// <summary>
/// The policy's logits hold no distribution any more. Not a fault of a program, hence a type of its own: a tool ends with the message.
/// </summary>
/// <param name="message">Which example, which position, what to do.</param>
public sealed class DivergedException(string message) : InvalidOperationException(message);
